"""Files that change on their own, and what is told of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from engine.app.application import Application
from engine.app.autoreload import contents, taken
from engine.config.load import load
from engine.testing.manual_clock import ManualClock
from tests.app.world import engine, write

INTERVAL = 30_000
CONFIG = (
    "rule_files: ['rules/*.yml']\nscrape_configs: [{job_name: one, static_configs: [{targets: ['127.0.0.1:1']}]}]\n"
)
RULES = "groups: [{name: g, rules: [{record: a, expr: up}]}]\n"


@pytest.fixture
async def app(tmp_path: Path) -> AsyncIterator[Application]:
    write(tmp_path, "rules/a.yml", RULES)
    async with engine(write(tmp_path, "prometheus.yml", CONFIG), auto_reload_seconds=INTERVAL / 1000) as made:
        yield made


def listen(app: Application) -> list[str]:
    told: list[str] = []
    app.tell = told.append
    return told


async def look(app: Application, times: int = 1) -> None:
    assert isinstance(app.clock, ManualClock)
    await app.clock.advance(times * INTERVAL)


async def test_a_file_that_changes_is_loaded_and_the_change_is_told(app: Application, tmp_path: Path) -> None:
    told = listen(app)
    await look(app, 3)
    assert told == []
    write(tmp_path, "prometheus.yml", CONFIG.replace("127.0.0.1:1", "127.0.0.1:2"))
    await look(app, 3)
    place = '  scrape_configs["one"].static_configs[0].targets: 127.0.0.1:'
    assert told == ["loaded again, 2 files: 2 changes", f"{place}1 removed", f"{place}2 added"]


async def test_a_rule_file_that_comes_is_found_by_its_pattern(app: Application, tmp_path: Path) -> None:
    told = listen(app)
    write(tmp_path, "rules/b.yml", RULES)
    await look(app)
    assert told == [
        "loaded again, 3 files: one change",
        f"  rules {tmp_path / 'rules' / 'b.yml'}: file added",
    ]


async def test_a_file_that_is_only_touched_reloads_nothing(app: Application, tmp_path: Path) -> None:
    told = listen(app)
    (tmp_path / "prometheus.yml").write_text(CONFIG)
    await look(app)
    assert told == []


async def test_a_mistake_changes_nothing_and_is_told_once_until_it_is_mended(app: Application, tmp_path: Path) -> None:
    told = listen(app)
    write(tmp_path, "prometheus.yml", "scrape_configs: [{}]")
    await look(app, 5)
    (line,) = told
    assert line.startswith("nothing was changed: the configuration can't be used")
    assert list(app.parts.scrapes.pools) == ["one"]
    write(tmp_path, "prometheus.yml", CONFIG.replace("one", "two"))
    await look(app)
    assert told[1:] == [
        "loaded again, 2 files: 2 changes", '  scrape_configs: "one" removed', '  scrape_configs: "two" added',
    ]  # fmt: skip


def test_a_file_that_changes_while_it_is_loaded_counts_as_changed(tmp_path: Path) -> None:
    write(tmp_path, "rules/a.yml", RULES)
    loaded = load(write(tmp_path, "prometheus.yml", CONFIG))
    assert taken(loaded) == contents(loaded)
    write(tmp_path, "rules/a.yml", RULES.replace("up", "down"))
    assert taken(loaded) != contents(loaded)


async def test_without_the_flag_nobody_looks(tmp_path: Path) -> None:
    write(tmp_path, "rules/a.yml", RULES)
    async with engine(write(tmp_path, "prometheus.yml", CONFIG)) as app:
        told = listen(app)
        write(tmp_path, "prometheus.yml", "nonsense")
        await look(app, 10)
        assert told == []


def test_a_template_that_changes_while_it_is_loaded_is_another_one_at_the_next_look(tmp_path: Path) -> None:
    config = write(tmp_path, "prometheus.yml", "global: {}")
    text = "route: {receiver: a}\nreceivers: [{name: a}]\ntemplates: [a.tmpl]\n"
    write(tmp_path, "alertmanager.yml", text)
    write(tmp_path, "a.tmpl", '{{ define "a" }}1{{ end }}')
    loaded = load(config)
    assert taken(loaded) == contents(loaded)
    write(tmp_path, "a.tmpl", '{{ define "a" }}2{{ end }}')
    assert taken(loaded) != contents(loaded)
