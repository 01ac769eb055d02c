"""The flags of `engine run`: what they mean, and how mistakes in them are told."""

from __future__ import annotations

from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from engine.app.options import RunOptions
from engine.cli.main import BAD_USAGE, main
from engine.cli.running.run import NOT_YET, options_of, run
from engine.foundation.errors import ConfigError


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "prometheus.yml"
    path.write_text("")
    return path


def parsed(config: Path, *flags: str) -> RunOptions:
    with run.make_context("run", ["--config", str(config), *flags]) as context:
        return options_of(context.params)


def refused(*flags: str) -> str:
    """What is said of flags that can't be taken; the exit code is that of bad usage."""
    done = CliRunner().invoke(run, flags)
    assert done.exit_code == BAD_USAGE
    assert "Traceback" not in done.output
    return done.stderr


def test_without_flags_the_defaults_of_the_options_hold(config: Path) -> None:
    found = parsed(config)
    assert RunOptions(config=config, flags=found.flags) == found
    assert found.limits.timeout_seconds == 120


def test_flags_are_told_under_the_originals_names(config: Path) -> None:
    flags = parsed(config, "--storage.tsdb.retention.time", "3d", "--deliver", "a", "--deliver", "b").flags
    assert flags["config.file"] == str(config)
    assert flags["storage.tsdb.path"] == "engine-data"
    assert flags["storage.tsdb.retention.time"] == "3d"
    assert flags["query.lookback-delta"] == "5m"
    assert flags["web.enable-lifecycle"] == "false"
    assert flags["deliver"] == "a,b"


def test_the_originals_spellings_work(config: Path) -> None:
    found = parsed(
        config, "--storage.tsdb.path=d", "--web.listen-address=:7", "--storage.tsdb.retention.size=1KB",
        "--query.timeout=1m30s", "--rules.alert.resend-delay=5s",
    )  # fmt: skip
    assert (found.data_dir, found.data_dir_given) == (Path("d"), True)
    assert found.listen == {"prometheus": ":7"}
    assert (found.retention_bytes, found.resend_delay_ms) == (1024, 5000)
    assert found.limits.timeout_seconds == 90


def test_memory_is_no_folder(config: Path) -> None:
    assert parsed(config, "--data-dir", ":memory:").data_dir is None


@pytest.mark.parametrize(
    ("flags", "names"),
    [
        ((), set()),
        (("--deliver",), {"*"}),
        (("--deliver", "--no-translate"), {"*"}),
        (("--deliver", "pager"), {"pager"}),
        (("--deliver=pager", "--deliver", "mail"), {"pager", "mail"}),
    ],
)
def test_delivery_is_to_nobody_to_all_or_to_those_named(flags: tuple[str, ...], names: set[str], config: Path) -> None:
    assert parsed(config, *flags).deliver == names


def test_a_component_listens_where_it_is_told_or_not_at_all(config: Path) -> None:
    found = parsed(config, "--listen", "node=off", "--listen", "prometheus=[::1]:7", "--listen=alertmanager=:8")
    assert found.listener("node") is None
    assert str(found.listener("prometheus")) == "[::1]:7"
    assert str(found.listener("alertmanager")) == "0.0.0.0:8"


@pytest.mark.parametrize(
    ("pair", "said"),
    [
        ("9090", "--listen 9090: want COMPONENT=HOST:PORT or COMPONENT=off"),
        ("tempo=:1", "--listen tempo=:1: want COMPONENT=HOST:PORT or COMPONENT=off; components: prometheus,"),
        ("node=9100", "--listen node=9100: want HOST:PORT, for example"),
        ("node=a:99999", "--listen node=a:99999: want HOST:PORT"),
        ("node=", "--listen node=: want HOST:PORT"),
    ],
)
def test_a_mistake_in_where_to_listen_says_what_is_wanted(pair: str, said: str, config: Path) -> None:
    with pytest.raises(ConfigError) as raised:
        parsed(config, "--listen", pair)
    assert str(raised.value).startswith(said)


@pytest.mark.parametrize("flag", NOT_YET)
def test_what_is_not_built_is_refused_by_name(flag: str) -> None:
    assert f"{flag} is not supported yet" in refused(flag)
    assert f"{flag} is not supported yet" in refused(f"{flag}=x")


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (("--nope",), "No such option"),
        (("--web.enable-lifecycl",), "--web.enable-lifecycle"),
        (("--query.timeout", "5"), "Invalid value for '--query.timeout'"),
        (("--storage.tsdb.retention.size", "5"), "Invalid value for '--storage.tsdb.retention.size'"),
        (("--query.max-concurrency", "0"), "Invalid value for '--query.max-concurrency'"),
        (("--log.level", "loud"), "Invalid value for '--log.level'"),
        (("--storage.remote.read-sample-limit", "-1"), "'-1' is below 0"),
    ],
)
def test_a_mistake_in_a_flag_names_it(flags: tuple[str, ...], said: str) -> None:
    assert said in refused(*flags)


def test_a_folder_in_place_of_the_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"is a folder: name the file in it, as in --config .*prometheus\.yml$"):
        parsed(tmp_path)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none\.yml: no such file: name it with --config FILE"):
        parsed(tmp_path / "none.yml")


def test_files_are_followed_and_what_can_be_no_log_is_told(config: Path, tmp_path: Path) -> None:
    assert parsed(config, "app.log", "logs/*.log").files == (Path("app.log"), Path("logs/*.log"))
    with pytest.raises(ConfigError, match=r"is a folder: name the files in it, as in '.*\*\.log'$"):
        parsed(config, str(tmp_path))
    with pytest.raises(
        ConfigError, match=r"prometheus\.yml: a FILE is followed as a log: .* --config prometheus\.yml$"
    ):
        parsed(config, "prometheus.yml")


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["run", "--config", "none.yml"], BAD_USAGE, "engine: none.yml: no such file"),
        (["run", "--nope"], BAD_USAGE, "No such option"),
        (["nope"], BAD_USAGE, "No such command"),
        (["check", "none.yml"], BAD_USAGE, ""),
        (["--version"], 0, ""),
    ],
)
def test_every_mistake_ends_with_a_line_and_a_code(
    words: list[str], code: int, said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["engine", *words])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == code
    assert said in capsys.readouterr().err


def test_every_flag_says_what_it_is_for() -> None:
    assert [option.name for option in run.params if isinstance(option, click.Option) and not option.help] == []
