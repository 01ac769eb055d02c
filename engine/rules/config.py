"""Rule files as they are written. What needs a parser is checked by `engine.config.rules`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar

import msgspec

from engine.foundation.decode import NullItem, OnlyHere
from promql.model.durations import Duration


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """A recording rule (`record`) or an alerting rule (`alert`). `for_` is the key `for`."""

    record: str = ""
    alert: str = ""
    expr: str = ""
    for_: Duration = msgspec.field(name="for", default=Duration(0))
    keep_firing_for: Duration = Duration(0)
    labels: Mapping[str, str] = {}
    annotations: Mapping[str, str] = {}

    @property
    def name(self) -> str:
        return self.alert or self.record


class RuleGroup(msgspec.Struct, frozen=True, kw_only=True):
    """Rules that run one after the other. An `interval` of 0 is the global one; a `limit` of 0 is none.

    `query_offset` is how long before its instant an evaluation looks (None: the global one). Of `labels` a rule's own
    win.
    """

    name: str = ""
    interval: Duration = Duration(0)
    limit: int = 0
    query_offset: Annotated[Duration | None, OnlyHere("Prometheus refuses it before 2.53")] = None
    labels: Annotated[Mapping[str, str], OnlyHere("Prometheus refuses it before 3.0")] = {}
    rules: Annotated[tuple[Rule, ...], NullItem("one of 'record' or 'alert' must be set")] = ()


class RuleFile(msgspec.Struct, frozen=True, kw_only=True):
    EXTENSIONS: ClassVar[str] = "Prometheus"

    groups: Annotated[tuple[RuleGroup, ...], NullItem("Groupname must not be empty")] = ()
