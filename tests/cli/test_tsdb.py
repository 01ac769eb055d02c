"""`engine tsdb`: exit codes, and one clear line for each mistake."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from engine.cli.main import main
from engine.tsdb.store import Store

PAGE = 'm{a="1"} 1 1700000000000\nm{a="1"} 2 1700000015000\nn 3 1700000000500\n'
DUMPED = [
    '{__name__="m", a="1"} 1 1700000000000', '{__name__="m", a="1"} 2 1700000015000', '{__name__="n"} 3 1700000000500',
]  # fmt: skip


class Terminal:
    """Runs commands in a folder."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self._patch, self._capture = monkeypatch, capsys

    def run(self, *words: str) -> tuple[int, str, str]:
        """Exit code, standard output, standard error."""
        self._patch.setattr("sys.argv", ["engine", "tsdb", *words])
        with pytest.raises(SystemExit) as ended:
            main()
        told = self._capture.readouterr()
        assert "Traceback" not in told.err
        return int(ended.value.code or 0), told.out, told.err


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Terminal:
    monkeypatch.chdir(tmp_path)
    Path("page").write_text(PAGE)
    return Terminal(monkeypatch, capsys)


def test_what_is_imported_is_counted_checked_dumped_and_exported(terminal: Terminal) -> None:
    code, out, _ = terminal.run("import", "page", "--data-dir", "data")
    assert (code, out) == (0, "data/metrics: 3 samples of 2 series are in\n")
    code, out, err = terminal.run("dump", "--data-dir", "data")
    assert (code, out.splitlines(), err) == (0, DUMPED, "")
    code, out, _ = terminal.run("export", "--data-dir", "data", "--match", "m", "--min-time", "2023-11-14T22:13:21Z")
    assert (code, out) == (0, 'm{a="1"} 2 1700000015\n# EOF\n')
    code, out, _ = terminal.run("export", "--data-dir", "data/metrics", "--output", "out.om")
    assert (code, out) == (0, "out.om: 3 samples of 2 series\n")
    code, out, _ = terminal.run("import", "out.om", "--data-dir", "data")
    assert out.splitlines()[1] == "passed over: 3 that were there, 0 with another value than is stored"
    code, out, _ = terminal.run("stats", "--data-dir", "data", "--limit", "1")
    assert code == 0
    assert "  samples  3\n" in out
    code, out, _ = terminal.run("verify", "--data-dir", "data")
    assert (code, out.endswith("2 names: nothing is damaged\n")) == (0, True)


def test_old_history_is_told_how_it_can_be_kept(terminal: Terminal) -> None:
    Path("page").write_text("m 1 1600000000000\nm 1 1700000000000\n")
    _, out, _ = terminal.run("import", "page", "--data-dir", "data")
    assert "--storage.tsdb.retention.time=1158d keeps it all" in out


def test_a_damaged_store_ends_with_one(terminal: Terminal) -> None:
    terminal.run("import", "page", "--data-dir", "data")
    (part,) = Path("data/metrics/parts").iterdir()
    part.write_bytes(part.read_bytes()[:40] + b"xx" + part.read_bytes()[42:])
    code, out, _ = terminal.run("verify", "--data-dir", "data")
    assert code == 1
    assert out.splitlines()[0].startswith(f"{part}: ")
    assert out.splitlines()[-1].endswith("1 damages")


def test_a_store_that_is_in_use_is_refused_with_who_holds_it(terminal: Terminal) -> None:
    store = Store.open(Path("data/metrics"))
    for words in (("stats",), ("verify",), ("dump",), ("export",), ("import", "page")):
        code, out, err = terminal.run(*words, "--data-dir", "data")
        assert (code, out) == (1, "")
        assert err.strip().splitlines() == [
            f"engine: data/metrics: another process (pid {os.getpid()}) uses this folder: stop it, or choose another one"
        ]
    store.close()


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("dump", "--data-dir", "nothing"), 2, "engine: nothing: there is no store here: name the folder that"),
        (("stats", "--data-dir", "."), 2, "engine: .: there is no store here"),
        (("import", "page", "--data-dir", "."), 2, "engine: .: neither a store nor empty: name another folder"),
        (("import", "none", "--data-dir", "data"), 2, "none"),
        (("import", "--data-dir", "data"), 2, "Missing argument"),
        (
            ("import", "bad", "--data-dir", "data"),
            1,
            "engine: bad:2: the sample has no timestamp: only samples with one",
        ),
        (("dump", "--match", "m{", "--data-dir", "data"), 2, "Invalid value for --match: 1:3: parse error"),
        (("dump", "--min-time", "noon", "--data-dir", "data"), 2, "'noon' is neither Unix milliseconds nor RFC 3339"),
        (("export", "--output", "no/folder/out", "--data-dir", "data"), 2, "no/folder/out"),
        (("nope",), 2, "No such command"),
    ],
)
def test_every_mistake_is_one_line_and_a_code(words: tuple[str, ...], code: int, said: str, terminal: Terminal) -> None:
    Path("bad").write_text("m 1 1000\nm 2\n")
    Store.open(Path("data/metrics")).close()
    ended, _, err = terminal.run(*words)
    assert (ended, said in err) == (code, True), err


def test_series_that_openmetrics_cannot_name_are_counted(terminal: Terminal) -> None:
    store = Store.open(Path("data/metrics"))
    source = store.source("a")
    from tests.tsdb.twin import batch, named

    store.append(source, [batch(source, 1000, [(named("a name"), 1.0), (named("m"), 1.0)])])
    store.close()
    code, out, err = terminal.run("export", "--data-dir", "data")
    assert (code, out) == (1, "m 1 1\n# EOF\n")
    assert err == "1 series are left out: OpenMetrics can't hold their names\n"
