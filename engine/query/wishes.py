"""What a single query may ask for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from promql.functions.dialects import Dialect


@dataclass(frozen=True, slots=True)
class Wishes:
    """`timeout` in seconds only shortens the limit; None stands for what the engine has; `measured` counts samples."""

    timeout: float | None = None
    lookback_ms: int | None = None
    dialect: Dialect | None = None
    measured: bool = False


NO_WISHES: Final = Wishes()
