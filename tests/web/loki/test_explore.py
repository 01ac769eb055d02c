"""What Loki 3 tells whoever explores lines."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from aiohttp import ClientSession

from engine.testing.manual_clock import ManualClock
from tests.web.loki.lines import served, stored

Ask = Callable[..., Awaitable[Any]]


@pytest.fixture
async def ask(manual_clock: ManualClock) -> AsyncIterator[Ask]:
    async with served(stored(), manual_clock) as base, ClientSession(base) as client:

        async def asked(path: str, **params: str) -> Any:
            async with client.get(f"/loki/api/v1{path}", params=params) as response:
                assert response.status == 200, await response.text()
                return await response.json()

        yield asked


async def test_fields_of_json_and_logfmt_are_found(ask: Ask) -> None:
    found = {one["label"]: one for one in (await ask("/detected_fields", query='{job=~".+"}'))["fields"]}
    assert {name: (one["type"], one["parsers"]) for name, one in found.items()} == {
        "id": ("int", ["json"]),
        "level": ("string", ["json"]),
        "took": ("duration", ["json"]),
        "path": ("string", ["logfmt"]),
        "status": ("int", ["logfmt"]),
    }
    assert found["level"]["cardinality"] == 3


async def test_the_values_of_a_field(ask: Ask) -> None:
    found = await ask("/detected_field/level/values", query='{job="app"}')
    assert found["values"] == ["error", "info", "warn"]
    assert (await ask("/detected_field/nosuch/values", query='{job="app"}'))["values"] == []


async def test_labels_of_streams_and_how_many_values_they_have(ask: Ask) -> None:
    assert (await ask("/detected_labels"))["detectedLabels"] == [
        {"label": "job", "cardinality": 2},
        {"label": "kind", "cardinality": 1},
    ]
    assert len((await ask("/detected_labels", query='{job="app"}'))["detectedLabels"]) == 1


async def test_patterns_leave_blank_what_varies(ask: Ask) -> None:
    (pattern,) = (await ask("/patterns", query='{job="web"}', step="60s"))["data"]
    assert pattern["pattern"] == "status=<_> path=<_>"
    assert sum(count for _, count in pattern["samples"]) == 60


async def test_a_selector_of_everything_may_be_written_with_blanks(ask: Ask) -> None:
    assert await ask("/detected_labels", query="{ }") == await ask("/detected_labels")
