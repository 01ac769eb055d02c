"""What lines look like."""

from __future__ import annotations

import pytest

from engine.logql.execute.lines import Entry
from engine.query.logs.patterns import patterns
from promql.model.labels import EMPTY


@pytest.mark.parametrize(
    ("line", "pattern"),
    [
        ('{"id": 12, "level": "info", "msg": "a \\"b\\" c"}', '{"id": <_>, "level": <_>, "msg": <_>}'),
        ('{"id":12,"ok":true}', '{"id":<_>,"ok":true}'),
        ('GET /api/v1/users 200 "curl/7" in 12ms', "GET <_> <_> <_> in <_>"),
        ("plain words", "plain words"),
    ],
)
def test_what_varies_is_left_blank(line: str, pattern: str) -> None:
    (found,) = patterns([Entry(0, line, EMPTY)], 1)
    assert found.text == pattern


@pytest.mark.parametrize("piece", ["a", '\\"', '"', '" ', "a1", '"a" '])
def test_long_lines_are_looked_at_in_part(piece: str) -> None:
    assert len(patterns([Entry(0, piece * 200_000, EMPTY)], 1)) == 1
