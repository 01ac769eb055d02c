"""Run every benchmark, or those named: `python -m benchmarks [NAME...]`."""

from __future__ import annotations

import importlib
import sys
from typing import Final

ALL: Final = ("start", "ingest", "rate_kernel", "rate_store", "disk", "remote_write", "restart", "kills")
ALL: Final = ("start", "ingest", "rate_kernel", "rate_store", "remote_write", "restart", "kills")
ALL: Final = ("start", "rate_kernel", "rate_store", "parse", "remote_write", "restart", "kills")
ALL: Final = (
    "start", "ingest", "rate_kernel", "rate_store", "wide_query", "parse", "remote_write", "restart", "kills",
)  # fmt: skip

for name in sys.argv[1:] or ALL:
    print(f"== {name}")
    importlib.import_module(f"benchmarks.{name}").main()
