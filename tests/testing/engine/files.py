"""Rules, routes and applications of a small project."""

from __future__ import annotations

from pathlib import Path

RULES = """
groups:
- name: api
  interval: 15s
  rules:
  - record: job:hits:rate1m
    expr: sum by (job) (rate(hits_total[1m]))
  - alert: ServiceDown
    expr: up == 0
    for: 1m
    labels: {severity: critical}
    annotations: {summary: "{{ $labels.job }} is down"}
"""
ALERTMANAGER = """
route: {receiver: team, group_by: [alertname], group_wait: 10s, group_interval: 1m, repeat_interval: 4h}
receivers:
- name: team
  webhook_configs: [{url: "http://127.0.0.1:1/hook"}]
- name: nobody
"""


def project(folder: Path) -> dict[str, Path | list[Path]]:
    """Options of an engine for this project."""
    (folder / "rules.yml").write_text(RULES)
    (folder / "alertmanager.yml").write_text(ALERTMANAGER)
    return {"rules": [folder / "rules.yml"], "alertmanager": folder / "alertmanager.yml"}


class Hits:
    """An application that counts, and can be switched off."""

    def __init__(self) -> None:
        self.count = 0
        self.broken = False

    def __call__(self) -> str:
        if self.broken:
            raise RuntimeError("switched off")
        self.count += 30
        return f"# TYPE hits_total counter\nhits_total {self.count}\n"
