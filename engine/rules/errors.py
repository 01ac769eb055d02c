"""What goes wrong with a rule; texts are Prometheus's, which the rules page and the API show."""

from __future__ import annotations

from engine.foundation.errors import EngineError


class RuleError(EngineError):
    """One evaluation of one rule failed; nothing of it is written."""


class NotAVectorError(RuleError):
    def __init__(self) -> None:
        super().__init__("rule result is not a vector or scalar")


class LimitError(RuleError):
    """`what` is `series` or `alerts`."""

    def __init__(self, limit: int, found: int, what: str) -> None:
        super().__init__(f"exceeded limit of {limit} with {found} {what}")


class DuplicateError(RuleError):
    """`which` is `rule` or `alert`."""

    def __init__(self, which: str) -> None:
        super().__init__(f"vector contains metrics with the same labelset after applying {which} labels")


class IngestError(RuleError):
    """The store refused samples of the result."""
