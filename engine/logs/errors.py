"""What can be wrong with a push; a store's own errors are in `engine.foundation.errors`."""

from __future__ import annotations

from engine.foundation.errors import RemoteError


class PushRefusedError(RemoteError):
    """Lines were refused, in the words of the original; `status` is HTTP's. Good lines beside them were kept."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status
