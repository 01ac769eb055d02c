"""Run every benchmark, or those named: `python -m benchmarks [NAME...]`."""

from __future__ import annotations

import importlib
import sys
from typing import Final

ALL: Final = (
    "start", "ingest", "churn", "soak", "index", "rate_kernel", "rate_store", "queries", "wide_query", "parse", "disk",
    "remote_write", "log", "restart", "kills", "rules", "alerting", "lateness", "formats", "upkeep", "fixture",
    "probes", "exporters", "logs", "collecting", "log_queries", "tailing", "forward", "outages", "protocols", "boards",
)  # fmt: skip

for name in sys.argv[1:] or ALL:
    print(f"== {name}")
    importlib.import_module(f"benchmarks.{name}").main()
