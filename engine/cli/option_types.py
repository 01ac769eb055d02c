"""What the values of flags may be, and how they are written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from promql.model.durations import Duration

if TYPE_CHECKING:
    from engine.foundation.regexes import Regex


class DurationType(click.ParamType[Duration]):
    """`1m30s`; a duration in ms."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Duration:
        if isinstance(value, Duration):
            return value
        try:
            return Duration.from_text(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


class FloatCountType(click.ParamType[int]):
    """A count, 0 or more, that may be written `5e7`."""

    name = "count"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        try:
            count = int(float(value))
        except (ValueError, OverflowError):
            self.fail(f"{value!r} is not a number", param, ctx)
        if count < 0:
            self.fail(f"{value!r} is below 0", param, ctx)
        return count


class SecondsType(click.ParamType[float]):
    """Seconds, with or without a fraction: `nan` and `inf` are no length of time."""

    name = "seconds"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        import math

        try:
            seconds = float(value)
        except ValueError:
            seconds = math.nan
        if not math.isfinite(seconds):
            self.fail(f"{value!r} is no number of seconds", param, ctx)
        return seconds


class SizeType(click.ParamType[int]):
    """`512MB`; bytes, units count in 1024s."""

    name = "size"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        from engine.foundation.values import Size

        try:
            return Size.from_text(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


class RegexType(click.ParamType["Regex"]):
    """A regular expression in Go's syntax, which matches whole texts."""

    name = "regex"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Regex:
        from engine.foundation.regexes import Regex, RegexError

        if isinstance(value, Regex):
            return value
        try:
            return Regex(value)
        except RegexError as error:
            self.fail(str(error), param, ctx)


DURATION: Final = DurationType()
COUNT: Final = click.IntRange(1)
ANY_COUNT: Final = click.IntRange(0)
FLOAT_COUNT: Final = FloatCountType()
SECONDS: Final = SecondsType()
FOLDER: Final = click.Path(path_type=Path)


def with_default(
    flag: str, name: str, kind: click.ParamType[Any], default: Any, text: str
) -> Callable[[click.decorators.FC], click.decorators.FC]:
    """A flag whose default the help shows."""
    return click.option(flag, name, type=kind, default=default, show_default=True, help=text)
