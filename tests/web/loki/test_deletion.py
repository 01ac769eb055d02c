"""Requests to delete lines, over HTTP."""

from __future__ import annotations

from engine.logs.config.document import CompactorConfig, LokiConfig
from tests.web.loki.service import NOW, NOW_S, loki

DELETE = "/loki/api/v1/delete"
CONFIG = LokiConfig(auth_enabled=False, compactor=CompactorConfig(retention_enabled=True))
ASKED = f"{DELETE}?query=%7Bjob%3D%22a%22%7D&start={NOW_S - 60}"


async def test_a_request_is_told_and_can_be_taken_back() -> None:
    async with loki(CONFIG) as server:
        assert await server.post(ASKED, b"") == (204, "")
        (told,) = await server.json(DELETE)
        assert (told["query"], told["start_time"], told["end_time"]) == ('{job="a"}', NOW_S - 60, NOW_S)
        async with server.session.delete(f"{server.url}{DELETE}?request_id={told['request_id']}") as answer:
            assert answer.status == 204
        assert await server.json(DELETE) == []
        async with server.session.delete(f"{server.url}{DELETE}?request_id=none") as answer:
            assert (answer.status, await answer.text()) == (404, "could not find delete request with given id\n")


async def test_what_is_no_request_is_refused() -> None:
    async with loki(CONFIG) as server:
        assert await server.post(f"{DELETE}?query=x", b"") == (400, "start time not set\n")
        assert await server.post(f"{DELETE}?start=1", b"") == (400, "query not set\n")
        assert await server.post(f"{DELETE}?start=1&query=rate(x)", b"") == (400, "invalid query expression\n")
        answer = await server.post(f"{ASKED}&end={NOW_S + 5}", b"")
        assert answer == (400, "deletes in future not allowed\n")


async def test_without_retention_nothing_is_deleted() -> None:
    async with loki() as server:
        assert (await server.post(ASKED, b""))[0] == 404


async def test_lines_are_gone_for_queries_at_once() -> None:
    async with loki(CONFIG) as server:
        push = b'{"streams": [{"stream": {"job": "a"}, "values": [["%d", "x"]]}]}' % (NOW - 1)
        await server.post("/loki/api/v1/push", push, **{"Content-Type": "application/json"})
        assert len(await server.lines('{job="a"}')) == 1
        await server.post(ASKED, b"")
        assert await server.lines('{job="a"}') == []
