"""Version 1 of the API, of Alertmanager 0.25 and of ours: the same statuses and bodies, the same words for mistakes."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from tests.peers.test_alertmanager import Side, at, both, settled

pytestmark = pytest.mark.peer

FAR = "2035-01-01T00:00:00Z"
LATER = "2036-01-01T00:00:00Z"
"""Silences are shown by their ends; those that end together, in any order."""
SILENCE = {"matchers": [{"name": "host", "value": "2", "isRegex": False}], "startsAt": at(-60), "endsAt": FAR}
NOBODY = "11111111-1111-1111-1111-111111111111"
ALERTS = [
    {
        "labels": {"alertname": "A", "host": host, "empty": ""}, "annotations": {"s": "<d> & é"}, "startsAt": at(-60),
        "endsAt": FAR, "generatorURL": "http://x/?a&b",
    }
    for host in "123"
]  # fmt: skip
TOLD: list[tuple[str, str, Any]] = [
    ("POST", "alerts", ALERTS),
    ("POST", "alerts", [{"labels": {"alertname": "Root", "host": "1"}, "startsAt": at(-60), "endsAt": FAR},
                        {"labels": {"alertname": "Leaf", "host": "1"}, "startsAt": at(-60), "endsAt": FAR}]),
    ("POST", "alerts", [{"labels": {"alertname": "Gone"}, "startsAt": at(-60), "endsAt": at(-30)}]),
    ("POST", "silences", SILENCE | {"createdBy": "me", "comment": "c"}),
    ("POST", "silences", SILENCE | {"startsAt": "2034-01-01T00:00:00Z", "comment": "<later>"}),
    ("POST", "silences", SILENCE | {"matchers": [{"name": "host", "value": "[123]?", "isRegex": True, "isEqual": False}], "endsAt": LATER}),
]  # fmt: skip
ASKED = [
    "receivers", "alerts", "alerts?silenced=false", "alerts?inhibited=false", "alerts?active=false", "alerts?receiver=pager",
    "alerts?silenced=false&inhibited=false&active=true", "alerts?filter=" + quote('{host=~"1|2",alertname="A"}'),
    "alerts?filter=host%3D3", "silences", "silences?filter=host%3D2", "silences?filter=" + quote('{host=~"2.*"}'),
    "silences?filter=host%21%3D2", f"silence/{NOBODY}", "silence/x",
]  # fmt: skip
WRONG: list[tuple[str, str, Any]] = [
    ("POST", "alerts", ""), ("POST", "alerts", "["), ("POST", "alerts", [{"labels": {}}]), ("POST", "alerts", []),
    ("POST", "alerts", "null"), ("POST", "alerts", [{"labels": {"a-b": "x"}}]), ("POST", "alerts", [{}]),
    ("POST", "alerts", [{"labels": {"a": "b"}, "startsAt": "2030-01-01T00:00:00Z", "endsAt": "2029-01-01T00:00:00Z"}]),
    ("POST", "alerts", [{"labels": {"a": ""}}, {"labels": {"b": ""}}]), ("GET", "alerts?filter=x", None),
    ("GET", "alerts?active=x", None), ("GET", "alerts?unprocessed=1", None), ("GET", "alerts?receiver=(", None),
    ("POST", "silences", "{"), ("POST", "silences", SILENCE | {"matchers": []}),
    ("POST", "silences", SILENCE | {"matchers": [{"name": "a", "value": ""}]}),
    ("POST", "silences", SILENCE | {"matchers": [{"name": "a-b", "value": "c"}]}),
    ("POST", "silences", SILENCE | {"endsAt": "2025-01-01T00:00:00Z"}),
    ("POST", "silences", SILENCE | {"startsAt": "2024-01-01T00:00:00Z", "endsAt": "2025-01-01T00:00:00Z"}),
    ("POST", "silences", SILENCE | {"startsAt": "2036-01-01T00:00:00Z"}),
    ("POST", "silences", SILENCE | {"id": NOBODY}), ("POST", "silences", SILENCE | {"id": "x"}),
    ("GET", "silences?filter=x", None), ("DELETE", f"silence/{NOBODY}", None), ("PUT", "alerts", None), ("GET", "nothing", None),
    ("DELETE", "silences", None), ("POST", "status", None), ("GET", "alerts/groups", None),
]  # fmt: skip


async def ask(side: Side, method: str, path: str, body: Any = None) -> tuple[int, str, Any]:
    """Status, media type and body, without what is each side's own."""
    data = body if body is None or isinstance(body, str) else json.dumps(body)
    async with side.session.request(method, f"{side.url}/api/v1/{path}", data=data) as answer:
        text = await answer.text()
        return answer.status, answer.content_type, comparable(json.loads(text)) if text.startswith("{") else text


def comparable(found: Any) -> Any:
    """Ids are only counted, times that were not given only looked at."""
    if isinstance(found, list):
        return [comparable(one) for one in found]
    if isinstance(found, str):
        return "ID" if re.fullmatch("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", found) else found
    if not isinstance(found, dict):
        return found
    shown = {key: comparable(value) for key, value in found.items()}
    own = ("updatedAt", "startsAt") if "createdBy" in shown else ()
    return {key: bool(value) if key in own else value for key, value in shown.items() if key not in own or value}


async def test_what_is_told_is_shown_alike(tmp_path: Path) -> None:
    async with both(tmp_path) as sides:
        for asked in TOLD:
            mine, other = [await ask(side, *asked) for side in sides]
            assert mine == other, asked
        await settled(*sides)  # until then the original calls all of them unprocessed
        for path in ASKED:
            mine, other = [await ask(side, "GET", path) for side in sides]
            assert mine == other, path
        ids = [
            json.loads(await (await side.session.get(f"{side.url}/api/v1/silences")).text())["data"][0]["id"]
            for side in sides
        ]
        for method in ("GET", "DELETE", "GET", "DELETE"):
            mine, other = [await ask(side, method, f"silence/{one}") for side, one in zip(sides, ids, strict=True)]
            if method == "GET":
                mine, other = [(one[0], one[1], one[2]["data"] | {"endsAt": ""}) for one in (mine, other)]
            assert mine == other, method


async def test_mistakes_are_refused_in_the_same_words(tmp_path: Path) -> None:
    async with both(tmp_path) as sides:
        for asked in WRONG:
            mine, other = [await ask(side, *asked) for side in sides]
            assert mine == other, asked


async def test_the_status_has_the_same_parts(tmp_path: Path) -> None:
    async with both(tmp_path) as sides:
        mine, other = [(await ask(side, "GET", "status"))[2]["data"] for side in sides]
        assert sorted(mine) == sorted(other)
        assert mine["versionInfo"]["version"] == other["versionInfo"]["version"]
        assert sorted(mine["versionInfo"]) == sorted(other["versionInfo"])
        assert [one["name"] for one in mine["configJSON"]["receivers"]] == ["team", "pager", "al[l]"]
