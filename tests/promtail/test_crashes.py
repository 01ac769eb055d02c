"""A writer of numbered lines, rotation in every style, and a Promtail that is killed again and again: at the end each
line is in the store once, and in order.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.logs.store.store import LogStore
from engine.promtail.tail.marks import Position
from promql.model.matchers import Matcher, MatchOp

FOLLOWER = Path(__file__).with_name("follower.py")
ROUNDS = 3
CONFIG = """clients: [{url: 'http://loki:3100/loki/api/v1/push'}]
target_config: {sync_period: 1s}
global: {file_watch_config: {min_poll_frequency: 20ms}}
scrape_configs:
- job_name: app
  static_configs: [{targets: [localhost], labels: {job: app, __path__: '%s'}}]
  pipeline_stages: %s
"""


def follower(folder: Path, config: Path, *more: str) -> subprocess.Popen[bytes]:
    """Returns once it follows."""
    command = [sys.executable, str(FOLLOWER), str(folder), str(config), *more]
    process = subprocess.Popen(command, cwd=Path.cwd(), stdout=subprocess.PIPE)
    assert process.stdout is not None
    with process.stdout as said:
        assert said.readline() == b"follows\n"
    return process


def by_rename(path: Path) -> None:
    shift(path)
    path.rename(f"{path}.1")


def by_copy(path: Path) -> None:
    shift(path)
    shutil.copy(path, f"{path}.1")
    os.truncate(path, 0)


def by_link(path: Path) -> None:
    """The name is a link, which leads to another file then."""
    number = len(list(path.parent.glob("real.*")))
    target = path.parent / f"real.{number}"
    target.touch()
    beside = path.parent / "beside"
    beside.symlink_to(target)
    beside.rename(path)


def shift(path: Path) -> None:
    for number in range(30, 0, -1):
        if Path(f"{path}.{number}").exists():
            Path(f"{path}.{number}").rename(f"{path}.{number + 1}")


def kept(folder: Path) -> list[str]:
    """All lines of the job, by time."""
    store = LogStore(folder)
    try:
        lines: list[tuple[int, str]] = []
        for block in store.reader("fake").blocks([Matcher("job", MatchOp.EQUAL, "app")], 0, 1 << 62):
            text, starts = block.text(), block.starts()
            lines += [(int(at), text[starts[i] : starts[i + 1] - 1].decode()) for i, at in enumerate(block.times())]
        return [line for _, line in sorted(lines, key=lambda one: one[0])]
    finally:
        store.close()


def wait_until_followed(store: Path, path: Path) -> None:
    """What nobody has read the beginning of can't be known once it has lost its name, or was copied and cut."""
    path.touch()
    until = time.monotonic() + 60
    while path.stat().st_size and not begun(Path(f"{store}.seen"), path):
        assert time.monotonic() < until
        time.sleep(0.01)


def begun(seen: Path, path: Path) -> bool:
    info = path.stat()
    texts = seen.read_text().splitlines() if seen.exists() else []
    places = [place for text in texts if (place := Position.parse(text)) and place.ino == info.st_ino]
    with path.open("rb") as file:
        return any(place.offset and place.fits(file.fileno(), info.st_size) for place in places)


def faults(lines: list[str], count: int) -> dict[str, list[str]]:
    """What is wrong with them, the first few of each kind."""
    wanted = [f"begin {number:08d}" for number in range(count)]
    times = Counter(lines)
    found = {
        "lost": [line for line in wanted if line not in times],
        "repeated": [line for line, number in times.items() if number > 1],
        "late": [line for line, before in zip(lines[1:], lines, strict=False) if line < before],
    }
    return {kind: those[:5] for kind, those in found.items() if those}


MULTILINE = "[{multiline: {firstline: '^begin', max_wait_time: 50ms}}]"


@pytest.mark.parametrize(
    ("pattern", "rotate", "stages"),
    [
        ("app.log", by_rename, "[]"), ("app.log*", by_rename, MULTILINE), ("app.log", by_copy, MULTILINE),
        ("app.log*", by_copy, "[]"), ("app.log", by_link, "[]"),
    ],
)  # fmt: skip
def test_every_line_is_kept_once_and_in_order(
    pattern: str, rotate: Callable[[Path], None], stages: str, tmp_path: Path
) -> None:
    chance = random.Random(f"{pattern}{rotate.__name__}{stages}")
    logs, store, config = tmp_path / "logs", tmp_path / "store", tmp_path / "promtail.yml"
    logs.mkdir()
    store.mkdir()
    path = logs / "app.log"
    config.write_text(CONFIG % (logs / pattern, stages))
    count = 0

    def write(lines: int) -> None:
        nonlocal count
        with path.open("a") as file:
            for _ in range(lines):
                file.write(f"begin {count:08d}\n")
                count += 1

    # a link that led elsewhere while nobody followed leaves no trace of where
    most = {by_rename: 4, by_copy: 4, by_link: 1}[rotate]
    if rotate is by_link:
        by_link(path)
    for _ in range(ROUNDS):
        process = follower(store, config)
        try:
            for _ in range(chance.randrange(3, 9)):
                write(chance.randrange(1, 400))
                time.sleep(chance.random() * 0.15)
                if chance.random() < 0.3:
                    wait_until_followed(store, path)
                    rotate(path)
            wait_until_followed(store, path)
        finally:
            process.send_signal(signal.SIGKILL)
            process.wait()
        for _ in range(chance.randrange(most)):  # while nobody follows
            write(chance.randrange(1, 50))
            rotate(path)
            write(chance.randrange(1, 50))
    until = time.monotonic() + 60
    while True:  # a busy machine may be quiet before everything is read; what is lost comes never
        assert follower(store, config, "drain").wait() == 0
        found = faults(kept(store), count)
        if "lost" not in found or time.monotonic() > until:
            break
    assert found == {}
