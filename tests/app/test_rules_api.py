"""`/api/v1/rules` by name, group, file and labels, and page by page; further parameters of later releases."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from engine.app.application import Application
from tests.app.world import ask, engine, write

RULES = """\
groups:
- name: g1
  rules:
  - {record: a, expr: vector(1), labels: {team: x}}
  - {alert: B, expr: vector(1), labels: {team: y}}
- name: g2
  rules: [{record: c, expr: vector(2)}]
- name: g3
  rules: [{record: a, expr: vector(3)}]
"""


@pytest.fixture
async def app(tmp_path: Path) -> AsyncIterator[Application]:
    write(tmp_path, "r.yml", RULES)
    async with engine(write(tmp_path, "prometheus.yml", "rule_files: [r.yml]")) as running:
        yield running


async def data(app: Application, query: str) -> dict[str, Any]:
    _, text = await ask(app, f"/api/v1/rules{query}")
    found: dict[str, Any] = json.loads(text)["data"]
    return found


async def told(app: Application, query: str) -> list[tuple[str, list[str]]]:
    return [(group["name"], [rule["name"] for rule in group["rules"]]) for group in (await data(app, query))["groups"]]


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("", [("g1", ["a", "B"]), ("g2", ["c"]), ("g3", ["a"])]),
        ("?type=alert", [("g1", ["B"]), ("g2", []), ("g3", [])]),
        ("?rule_name[]=a", [("g1", ["a"]), ("g3", ["a"])]),
        ("?rule_name[]=a&rule_name[]=c&rule_group[]=g2&rule_group[]=g3", [("g2", ["c"]), ("g3", ["a"])]),
        ("?file[]=nope", []),
        ("?match[]={team=~'x|y'}&type=record", [("g1", ["a"])]),
        ("?match[]={team='x'}&match[]={team='y'}", [("g1", ["a", "B"])]),
    ],
)
async def test_rules_are_chosen(app: Application, query: str, wanted: list[tuple[str, list[str]]]) -> None:
    assert await told(app, query) == wanted


async def test_groups_are_told_page_by_page(app: Application) -> None:
    seen, token = [], ""
    for _ in range(3):
        found = await data(app, f"?group_limit=1{token}")
        seen += [group["name"] for group in found["groups"]]
        token = f"&group_next_token={found.get('groupNextToken', '')}"
    assert (seen, token) == (["g1", "g2", "g3"], "&group_next_token=")


async def test_alerts_may_be_left_out(app: Application) -> None:
    (group, *_) = (await data(app, "?type=alert&exclude_alerts=true"))["groups"]
    assert group["rules"][0]["alerts"] is None


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("rules?group_limit=x", "group_limit needs to be a valid number"),
        ("rules?group_limit=0", "group_limit needs to be greater than 0"),
        ("rules?group_next_token=x", "group_limit needs to be present in order to paginate over the groups"),
        ("rules?group_limit=1&group_next_token=x", "invalid group_next_token 'x'. were rule groups changed?"),
        ("rules?exclude_alerts=2", 'error converting exclude_alerts: strconv.ParseBool: parsing \\"2\\"'),
        ("rules?match[]={}", "match[] must contain at least one non-empty matcher"),
        ("status/tsdb?limit=0", "limit must be a positive number"),
        ("status/tsdb?limit=10001", "limit must not exceed 10000"),
        ("metadata?limit_per_metric=x", "limit_per_metric must be a number"),
    ],
)
async def test_a_bad_parameter_is_told(app: Application, path: str, message: str) -> None:
    status, text = await ask(app, f"/api/v1/{path}")
    assert (status, message in text) == (400, True)
