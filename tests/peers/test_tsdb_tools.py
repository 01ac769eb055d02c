"""Stores out to promtool and back: the same samples on both sides."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from engine.tsdb.store import Store
from promql.model.labels import Labels
from tests.tsdb.twin import batch, named

pytestmark = [
    pytest.mark.peer,
    pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed"),
]

NOW = 1_700_000_000_000
ODD = [1.5, -0.0, 0.1, 1e-7, 123456.0, 1234567.0, 1e22, 5e-324, 1.7976931348623157e308, float("inf"), float("-inf"), float("nan")]  # fmt: skip


def run(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def engine(*words: str) -> str:
    return run(sys.executable, "-m", "engine", "tsdb", *words)


def promtool_dump(blocks: Path, *flags: str) -> str:
    (blocks / "wal").mkdir(exist_ok=True)  # it insists
    return run("promtool", "tsdb", "dump", *flags, str(blocks))


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Some hours of series that come and go, odd values, odd labels."""
    store = Store.open(tmp_path / "data" / "metrics")
    generator = np.random.default_rng(1)
    labels = [named("m_total", i=str(i), A="first", b='x"\\\n ü') for i in range(20)] + [Labels.of(__name__="n:x")]
    source = store.source("a")
    for at in range(1000):
        alive = [one for i, one in enumerate(labels) if at % (i + 1) < 20]
        values = generator.choice([*ODD, *generator.normal(size=50).tolist()], len(alive)).tolist()
        store.append(source, [batch(source, NOW + at * 15_000 + at % 7, list(zip(alive, values, strict=True)))])
    store.maintain(0)
    store.close()
    return tmp_path / "data"


def test_promtool_makes_blocks_of_an_export_that_dump_as_the_store_does(data: Path, tmp_path: Path) -> None:
    text, blocks = tmp_path / "out.om", tmp_path / "blocks"
    engine("export", "--data-dir", str(data), "--output", str(text))
    run("promtool", "tsdb", "create-blocks-from", "openmetrics", str(text), str(blocks))
    assert promtool_dump(blocks).splitlines() == engine("dump", "--data-dir", str(data)).splitlines()
    limits = ("--min-time", str(NOW + 60_000), "--max-time", str(NOW + 600_000))
    for selector in ("{i=~'1.*'}", "{__name__='n:x'}", "m_total{i!='3'}"):
        theirs = promtool_dump(
            blocks, f"--match={selector}", *(f"{a}={b}" for a, b in zip(limits[::2], limits[1::2], strict=True))
        )
        assert theirs.splitlines() == engine("dump", "--data-dir", str(data), "--match", selector, *limits).splitlines()


def test_an_import_of_the_same_file_holds_what_promtools_blocks_hold(data: Path, tmp_path: Path) -> None:
    text, blocks, copy = tmp_path / "out.om", tmp_path / "blocks", tmp_path / "copy"
    engine("export", "--data-dir", str(data), "--output", str(text))
    run("promtool", "tsdb", "create-blocks-from", "openmetrics", str(text), str(blocks))
    engine("import", str(text), "--data-dir", str(copy))
    assert engine("dump", "--data-dir", str(copy)).splitlines() == promtool_dump(blocks).splitlines()
