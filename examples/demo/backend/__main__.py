"""`python -m backend --port 9999 --data demo-data`: serves until Ctrl-C; log and database are in the data folder."""

from __future__ import annotations

import argparse
from pathlib import Path

import uvicorn

from backend.app import create
from backend.log import setup_logging


def main() -> None:
    parser = argparse.ArgumentParser(prog="backend", description=__doc__)
    parser.add_argument("--port", type=int, default=9999)
    parser.add_argument("--data", type=Path, default=Path("demo-data"))
    parser.add_argument("--requests", type=float, default=10.0, help="requests that the load generator sends a second")
    given = parser.parse_args()
    given.data.mkdir(parents=True, exist_ok=True)
    setup_logging(given.data / "app.log")
    app = create(given.data / "backend.db", requests_per_second=given.requests)
    uvicorn.run(app, host="127.0.0.1", port=given.port, log_config=None, access_log=False)


if __name__ == "__main__":
    main()
