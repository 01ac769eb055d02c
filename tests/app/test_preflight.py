"""What is refused before anything starts."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.app.options import RunOptions, WebOptions
from engine.app.preflight import check_external_url, check_folders, check_ready_file
from engine.foundation.errors import ConfigError

CONFIG = Path("prometheus.yml")


@pytest.mark.parametrize("url", ["", "http://prom.example.com", "https://10.0.0.1:9090/", "http://x/prom"])
def test_a_url_of_a_host_is_taken(url: str) -> None:
    check_external_url(RunOptions(CONFIG, web=WebOptions(external_url=url)))
    check_external_url(RunOptions(CONFIG, alertmanager_url=url))


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("foo", "want http://HOST:PORT"),
        ("ftp://x", "want http"),
    ],
)
def test_another_url_is_refused(url: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        check_external_url(RunOptions(CONFIG, web=WebOptions(external_url=url)))
    with pytest.raises(ConfigError, match=f"--alertmanager-external-url {url}: {message}"):
        check_external_url(RunOptions(CONFIG, alertmanager_url=url))


def test_a_folder_that_is_a_file_is_refused_and_one_that_is_missing_is_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match=r"file can't be written to: File exists: choose another with --data-dir"):
        check_folders([tmp_path / "file"])
    check_folders([tmp_path / "made" / "here"])
    assert (tmp_path / "made" / "here").is_dir()


def test_a_ready_file_needs_its_folder(tmp_path: Path) -> None:
    check_ready_file(RunOptions(CONFIG, ready_file=tmp_path / "ready"))
    with pytest.raises(ConfigError, match="there is no folder"):
        check_ready_file(RunOptions(CONFIG, ready_file=tmp_path / "none" / "ready"))
