"""What a reload tells of the difference between two configurations."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.app.changes import changes
from engine.config.load import Loaded, load

BASE = """
global: {scrape_interval: 1m, external_labels: {zone: a, old: x}}
rule_files: [rules.yml]
scrape_configs:
- {job_name: one, scrape_interval: 30s, basic_auth: {username: u, password: p}, static_configs: [{targets: [a:1, b:1]}]}
- {job_name: two, static_configs: [{targets: [c:1]}]}
"""
RULES = """
groups:
- {name: g, rules: [{record: a, expr: up}, {alert: Down, expr: up == 0, for: 5m, labels: {severity: page}}]}
"""


@pytest.fixture
def before(tmp_path: Path) -> Loaded:
    return loaded(tmp_path / "before", BASE)


def loaded(folder: Path, config: str, rules: str = RULES) -> Loaded:
    folder.mkdir(exist_ok=True)
    (folder / "prometheus.yml").write_text(config)
    (folder / "rules.yml").write_text(rules)
    found = load(folder / "prometheus.yml")
    assert not found.fatal
    return found


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("scrape_interval: 30s", "scrape_interval: 15s", ['scrape_configs["one"].scrape_interval: 30s -> 15s']),
        ("targets: [a:1, b:1]", "targets: [b:1, d:1]", [
            'scrape_configs["one"].static_configs[0].targets: a:1 removed',
            'scrape_configs["one"].static_configs[0].targets: d:1 added',
        ]),
        ("password: p", "password: q", ['scrape_configs["one"].basic_auth.password: <secret> -> <secret>']),
        ("job_name: two", "job_name: three", ['scrape_configs: "two" removed', 'scrape_configs: "three" added']),
        ("zone: a, old: x", "zone: b, new: y", [
            "global.external_labels.zone: a -> b",
            "global.external_labels.old: removed",
            "global.external_labels.new: added, y",
        ]),
    ],
)  # fmt: skip
def test_each_key_with_another_value_is_told_by_its_path(
    old: str, new: str, told: list[str], before: Loaded, tmp_path: Path
) -> None:
    assert old in BASE
    after = loaded(tmp_path / "before", BASE.replace(old, new, 1))
    assert changes(before, after) == told


def test_one_job_more_at_the_top_is_one_line(before: Loaded, tmp_path: Path) -> None:
    text = BASE.replace("scrape_configs:\n", "scrape_configs:\n- {job_name: new, static_configs: [{targets: [n:1]}]}\n")
    assert changes(before, loaded(tmp_path / "before", text)) == ['scrape_configs: "new" added']


def test_another_order_is_a_change(before: Loaded, tmp_path: Path) -> None:
    first, second, third = BASE.partition("- {job_name: two")
    head, job = first.split("scrape_configs:\n")
    text = f"{head}scrape_configs:\n{second}{third}{job}"
    assert changes(before, loaded(tmp_path / "before", text)) == ["scrape_configs: in another order"]


def test_rules_are_followed_by_file_group_and_name(before: Loaded, tmp_path: Path) -> None:
    place = f"rules {tmp_path / 'before' / 'rules.yml'}"
    changed = RULES.replace("for: 5m", "for: 10m").replace("severity: page", "severity: ticket")
    assert changes(before, loaded(tmp_path / "before", BASE, changed)) == [
        f'{place}.groups["g"].rules["Down"].for: 5m -> 10m',
        f'{place}.groups["g"].rules["Down"].labels.severity: page -> ticket',
    ]
    more = RULES + "- {name: h, rules: []}\n"
    assert changes(before, loaded(tmp_path / "before", BASE, more)) == [f'{place}.groups: "h" added']


def test_what_is_equal_has_no_changes(before: Loaded, tmp_path: Path) -> None:
    assert changes(before, loaded(tmp_path / "before", BASE + "# a remark\n")) == []
