"""Instants as people give them on the command line."""

from __future__ import annotations

from typing import Any

import click
from msgspec import Struct

from promql.model.durations import Duration


class Moment(Struct, frozen=True):
    """An instant (Unix ms), or so long (ms) before another one."""

    instant: int | None = None
    before: int = 0

    def at(self, base: int) -> int:
        return base - self.before if self.instant is None else self.instant


class MomentType(click.ParamType[Moment]):
    """`now`, `-1h30m`, Unix seconds, or RFC 3339."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Moment:
        from engine.web.api.params import parse_time

        if isinstance(value, Moment):
            return value
        if value == "now":
            return Moment()
        try:
            if value.startswith("-") and not value[1:].replace(".", "").isdigit():
                return Moment(before=Duration.from_text(value[1:]))
            return Moment(parse_time(value))
        except ValueError:
            self.fail(f"{value!r} is no time: give Unix seconds, 2024-05-01T12:00:00Z, now, or -1h30m", param, ctx)
