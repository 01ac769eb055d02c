"""What a single query may ask for."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from promql.functions.dialects import Dialect


class Wishes(Struct, frozen=True):
    """`timeout` in seconds only shortens the limit; None stands for what the engine has; `measured` counts samples."""

    timeout: float | None = None
    lookback_ms: int | None = None
    dialect: Dialect | None = None
    measured: bool = False


NO_WISHES: Final = Wishes()
