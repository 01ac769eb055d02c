"""What runs where no file says so: this engine and this machine; and how files are followed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from engine.config.prometheus import PrometheusConfig, parse_prometheus, resolve

FILE: Final = Path("prometheus.yml")
"""The name that goes for the file that is missing: paths are relative to its folder."""
_MACHINE: Final = b"""
global: {scrape_interval: 15s, evaluation_interval: 15s}
scrape_configs:
- job_name: prometheus
  static_configs: [targets: [localhost:9090]]
- job_name: node
  static_configs: [targets: [localhost:9100]]
"""


def machine() -> PrometheusConfig:
    """A prometheus.yml that watches this engine and this machine."""
    return resolve(parse_prometheus(_MACHINE, str(FILE)).value)


def job(name: str, files: Sequence[tuple[Path, dict[str, str]]]) -> dict[str, Any]:
    """An entry of Promtail's `scrape_configs` that follows these files, each with its labels."""
    return {
        "job_name": name,
        "static_configs": [
            {"targets": ["localhost"], "labels": {**labels, "__path__": str(file.absolute())}} for file, labels in files
        ],
    }
