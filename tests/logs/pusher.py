"""A process that pushes numbered lines and says so after each push: `python -m tests.logs.pusher FOLDER FIRST`."""

from __future__ import annotations

import itertools
import sys
from pathlib import Path

from engine.logs.store.options import LogOptions
from engine.logs.store.store import LogStore
from tests.logs.twin import Entry, named, run

STREAMS = [named(job=f"s{n}") for n in range(3)]
LINES = 5
OPTIONS = LogOptions(seal_bytes=4000, blob_bytes=1000, compact_files=2)


def entries(push: int) -> list[Entry]:
    """The lines of a push for each stream; some come late."""
    return [(push * 10 + n - 15 * (push % 3), b"push %d line %d" % (push, n)) for n in range(LINES)]


def main(folder: str, first: str) -> None:
    store = LogStore(Path(folder), OPTIONS)
    for push in itertools.count(int(first)):
        store.append([(who, run(entries(push))) for who in STREAMS], {"file": str(push)}, push)
        print(push, flush=True)
        store.maintain(push)
        store.compact()


if __name__ == "__main__":
    main(*sys.argv[1:])
