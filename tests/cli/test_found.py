"""What `engine run` starts where nothing is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.cli.running.found import Found, found_here, stack_at
from engine.foundation.errors import ConfigError

STACK = "services: {p: {image: 'prom/prometheus:v2.42.0'}}"


def laid_out(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"prometheus.yml": "", "compose.yml": STACK, "prometheus/prometheus.yml": ""}, "--config prometheus.yml"),
        ({"compose.yml": STACK, "prometheus/prometheus.yml": ""}, "--compose compose.yml"),
        ({"docker-compose.monitoring.yml": STACK}, "--compose docker-compose.monitoring.yml"),
        ({"compose.yml": "services: {d: {image: postgres}}", "prometheus/prometheus.yml": ""}, "--config prometheus/prometheus.yml"),
        ({"compose.yml": "services: {p: {image: '${X:?unset}'}}"}, ""),
        ({"compose.yml": "{"}, ""),
        ({}, ""),
    ],
)  # fmt: skip
def test_the_nearest_configuration_is_taken_and_said(files: dict[str, str], words: str, tmp_path: Path) -> None:
    found = found_here([], laid_out(tmp_path, **files))
    assert " ".join(found.words).replace(f"{tmp_path}/", "") == words
    assert words.partition(" ")[2] in found.told[0]


def test_what_is_passed_over_is_said_with_the_flag_that_starts_it(tmp_path: Path) -> None:
    found = found_here([], laid_out(tmp_path, **{"prometheus.yml": "", "compose.yml": STACK}))
    assert found.told[1:] == (
        f"not {tmp_path / 'compose.yml'}: --compose {tmp_path / 'compose.yml'} starts what that describes",
    )


@pytest.mark.parametrize("flag", ["--loki-config=a", "--promtail-config"])
def test_beside_a_file_that_runs_by_itself_only_a_prometheus_yml_is_taken(flag: str, tmp_path: Path) -> None:
    assert found_here([flag], laid_out(tmp_path, **{"compose.yml": STACK})) == Found()
    assert found_here([flag], laid_out(tmp_path, **{"prometheus.yml": ""})).words[0] == "--config"


@pytest.mark.parametrize("flag", ["--config=x", "--config.file", "--compose"])
def test_nothing_is_looked_for_where_a_flag_says_what_runs(flag: str, tmp_path: Path) -> None:
    assert found_here([flag], laid_out(tmp_path, **{"prometheus.yml": ""})) == Found()


def test_a_folder_stands_for_the_compose_file_in_it_that_describes_a_stack(tmp_path: Path) -> None:
    folder = laid_out(tmp_path, **{"compose.yml": "services: {d: {image: postgres}}", "docker-compose.mon.yml": STACK})
    assert stack_at(folder) == folder / "docker-compose.mon.yml"
    with pytest.raises(ConfigError, match=r"several; name one: .*docker-compose\.mon\.yml, .*docker-compose\.too\.yml"):
        stack_at(laid_out(folder, **{"docker-compose.too.yml": STACK}))


def test_the_only_compose_file_of_a_folder_is_taken_whatever_is_wrong_with_it(tmp_path: Path) -> None:
    file = tmp_path / "compose.yml"
    file.write_text("services: {p: {image: '${X:?unset}'}}")
    assert stack_at(tmp_path) == file  # so that this is told, and not that there is none


def test_a_path_without_a_compose_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="a folder, and no compose file in it describes"):
        stack_at(tmp_path)
    with pytest.raises(ConfigError, match="no such file"):
        stack_at(tmp_path / "gone")
