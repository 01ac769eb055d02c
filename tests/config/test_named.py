"""What runs where no file says so, and the files that the command line names."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.config.load import Loaded, load
from engine.config.named import TAILED, with_files
from engine.promtail.config import PromtailConfig

CLIENT = "clients: [{url: %s}]\n"


def promtail(loaded: Loaded) -> PromtailConfig:
    assert loaded.promtail is not None
    return loaded.promtail


def test_without_any_file_this_engine_and_this_machine_are_watched() -> None:
    loaded = load(None)
    assert (loaded.fatal, loaded.files) == (False, ())
    targets = [job.static_configs[0].targets for job in loaded.config.scrape_configs]
    assert targets == [("localhost:9090",), ("localhost:9100",)]


def test_beside_another_programs_file_nothing_is_scraped(tmp_path: Path) -> None:
    (tmp_path / "loki.yaml").write_text("auth_enabled: false")
    assert load(None, loki=tmp_path / "loki.yaml").config.scrape_configs == ()


def test_each_file_has_its_name_as_its_job_and_a_pattern_its_folder(tmp_path: Path) -> None:
    loaded = with_files(load(None), [tmp_path / "app.log", tmp_path / "logs" / "*.log"])
    (job,) = promtail(loaded).scrape_configs
    assert [dict(one.labels) for one in job.static_configs] == [
        {"job": "app", "__path__": str(tmp_path / "app.log")},
        {"job": "logs", "__path__": str(tmp_path / "logs" / "*.log")},
    ]
    assert loaded.loki is not None
    assert not loaded.loki.config.auth_enabled


@pytest.mark.parametrize(
    ("url", "clients"), [("http://loki:3100/loki/api/v1/push", 1), ("https://loki.example.com", 2)]
)
def test_lines_are_kept_here_too_and_once(url: str, clients: int, tmp_path: Path) -> None:
    file = tmp_path / "promtail.yml"
    file.write_text(CLIENT % url + "scrape_configs: [{job_name: mine}]\n")
    config = promtail(with_files(load(None, promtail=file), [Path("app.log")]))
    assert len(config.clients) == clients
    assert [job.job_name for job in config.scrape_configs] == ["mine", TAILED]
