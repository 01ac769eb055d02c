"""A stack that is exported from the command line."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner

from engine.cli.main import cli
from tests.app.world import write

COMPOSE = """
services:
  prom:
    image: prom/prometheus:v2.43.1
    ports: ["19090:9090"]
    volumes: ["./prometheus.yml:/etc/prometheus/prometheus.yml"]
"""


def test_a_folder_stands_for_its_compose_file_whose_names_images_and_ports_are_kept(tmp_path: Path) -> None:
    write(tmp_path, "stack/prometheus.yml", "scrape_configs: []")
    file = write(tmp_path, "stack/docker-compose.yml", COMPOSE)
    for name, path in (("file", file), ("folder", file.parent)):
        result = CliRunner().invoke(cli, ["export", "stack", "--compose", str(path), str(tmp_path / name)])
        assert result.exit_code == 0, result.output
    written = (tmp_path / "folder" / "docker-compose.yml").read_text()
    assert "prom/prometheus:v2.43.1" in written
    assert written == (tmp_path / "file" / "docker-compose.yml").read_text()
