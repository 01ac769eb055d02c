"""What a push may look like, and what it is answered: as by Loki 2.7.4."""

from __future__ import annotations

import gzip
import struct
import zlib

import cramjam
import msgspec
import pytest

from engine.foundation.protobuf import counted, framed
from engine.logs.config.document import LokiConfig
from engine.logs.metrics import families
from tests.web.loki.service import NOW, NOW_S, loki

PUSH = "/loki/api/v1/push"
JSON = {"Content-Type": "application/json"}


def body(*values: list[object], **labels: object) -> bytes:
    return msgspec.json.encode({"streams": [{"stream": labels or {"job": "a"}, "values": list(values)}]})


def protobuf(labels: str, *lines: tuple[int, str]) -> bytes:
    entries = b"".join(
        framed(2, framed(1, counted(1, time // 10**9) + counted(2, time % 10**9)) + framed(2, line.encode()))
        for time, line in lines
    )
    return bytes(cramjam.snappy.compress_raw(framed(1, framed(1, labels.encode()) + entries)))


async def test_json_is_stored_and_found() -> None:
    async with loki() as server:
        assert await server.post(PUSH, body([str(NOW), "x"], [str(NOW + 1), "y ü"]), **JSON) == (204, "")
        assert await server.lines('{job="a"}') == [[str(NOW), "x"], [str(NOW + 1), "y ü"]]


async def test_protobuf_is_whatever_is_not_json() -> None:
    data = protobuf('{job="a", path="/x"}', (NOW, "x"), (NOW + 1, "y"))
    async with loki() as server:
        for kind in ("application/x-protobuf", "text/plain"):
            assert await server.post(PUSH, data, **{"Content-Type": kind}) == (204, "")
        assert await server.lines('{path="/x"}') == [[str(NOW), "x"], [str(NOW + 1), "y"]]


@pytest.mark.parametrize(
    ("coding", "packed"),
    [
        ("gzip", gzip.compress(body([str(NOW), "x"]), mtime=0)),
        ("deflate", zlib.compress(body([str(NOW), "x"]), wbits=-15)),
    ],
    ids=["gzip", "deflate"],
)
async def test_bodies_may_be_compressed(coding: str, packed: bytes) -> None:
    async with loki() as server:
        assert await server.post(PUSH, packed, **JSON, **{"Content-Encoding": coding}) == (204, "")
        assert await server.lines('{job="a"}') == [[str(NOW), "x"]]


async def test_snappy_may_be_named_and_stand_in_gzip() -> None:
    data = protobuf('{job="a"}', (NOW, "x"))
    kind = {"Content-Type": "application/x-protobuf"}
    async with loki() as server:
        assert await server.post(PUSH, data, **kind, **{"Content-Encoding": "snappy"}) == (204, "")
        assert await server.post(PUSH, gzip.compress(data), **kind, **{"Content-Encoding": "gzip"}) == (204, "")
        assert await server.lines('{job="a"}') == [[str(NOW), "x"]]


@pytest.mark.parametrize(
    ("data", "headers", "answer"),
    [
        (body([str(NOW), "x"]), {}, "mime: no media type\n"),
        (b"", JSON, "EOF\n"),
        (b"rubbish", {"Content-Type": "application/x-protobuf"}, "snappy: corrupt input\n"),
        (body([NOW, "x"]), JSON, 'a value is ["<unix ns as a text>", "<line>"]'),
        (body(["soon", "x"]), JSON, 'strconv.ParseInt: parsing "soon": invalid syntax\n'),
        (b'{"streams": 3}', JSON, "the body is no push in JSON"),
        (body([str(NOW), "x"], **{"a-b": "c"}), JSON, "1:3: parse error: unexpected character inside braces: '-'\n"),
        (protobuf('{a-b="c"}', (NOW, "x")), {"Content-Type": "x/y"}, "1:3: parse error: unexpected character"),
        (body([str(NOW), "x"]), {**JSON, "Content-Encoding": "zip"}, 'Content-Encoding "zip" not supported\n'),
    ],
    ids=["kind", "empty", "snappy", "number", "time", "shape", "name", "text", "coding"],
)
async def test_what_is_no_push_is_refused_in_plain_text(data: bytes, headers: dict[str, str], answer: str) -> None:
    async with loki() as server:
        status, text = await server.post(PUSH, data, **headers)
        assert (status, text[: len(answer)]) == (400, answer)
        assert not server.service.store.catalog.tenants


async def test_bytes_that_are_no_utf_8_are_replaced_and_the_push_is_kept() -> None:
    streams = [{"stream": {"job": "a"}, "values": [[str(NOW), "good"], [str(NOW + 1), "caf@"]]}]
    data = msgspec.json.encode({"streams": streams}).replace(b"@", b"\xe9")
    old = b'{"streams": [{"labels": "{job=\\"b\\"}", "entries": [{"ts": "2026-11-25T10:00:00Z", "line": "\xff"}]}]}'
    async with loki() as server:
        assert await server.post(PUSH, data, **JSON) == (204, "")
        assert await server.post("/api/prom/push", old, **JSON) == (204, "")
        assert [line for _, line in await server.lines('{job="a"}')] == ["good", "caf\ufffd"]
        assert [line for _, line in await server.lines('{job="b"}')] == ["\ufffd"]


async def test_one_label_set_that_is_none_refuses_the_whole_push() -> None:
    streams = [{"stream": {"job": "a"}, "values": [[str(NOW), "x"]]}, {"stream": {"0": "b"}, "values": []}]
    async with loki() as server:
        status, text = await server.post(PUSH, msgspec.json.encode({"streams": streams}), **JSON)
        assert (status, text) == (204, "")
        streams[1]["values"] = [[str(NOW), "y"]]
        status, text = await server.post(PUSH, msgspec.json.encode({"streams": streams}), **JSON)
        assert (status, text) == (400, "1:2: parse error: unexpected character inside braces: '0'\n")


async def test_labels_may_be_numbers_and_empty_ones_vanish() -> None:
    async with loki() as server:
        assert await server.post(PUSH, body([str(NOW), "x"], job="a", n=5, gone=""), **JSON) == (204, "")
        assert (await server.json("/loki/api/v1/series"))["data"] == [{"job": "a", "n": "5"}]


async def test_nothing_to_push_is_fine() -> None:
    async with loki() as server:
        assert await server.post(PUSH, b'{"streams": []}', **JSON) == (204, "")
        assert await server.post(PUSH, body(), **JSON) == (204, "")


async def test_what_is_refused_is_told_and_the_rest_is_kept() -> None:
    async with loki() as server:
        status, text = await server.post(PUSH, body([str(NOW), "x"], [str(NOW + 3600 * 10**9), "y"]), **JSON)
        assert (status, text) == (
            400, """entry for stream '{job="a"}' has timestamp too new: 2026-11-25T11:00:00Z\n""",
        )  # fmt: skip
        assert await server.lines('{job="a"}') == [[str(NOW), "x"]]
        (refused,) = (one for one in families(server.service) if one.name == "loki_discarded_samples_total")
        assert [(sample.labels, sample.value) for sample in refused.samples] == [
            ((("reason", "too_far_in_future"), ("tenant", "fake")), 1.0)
        ]


async def test_labels_of_a_line_are_found_with_it() -> None:
    async with loki() as server:
        assert await server.post(PUSH, body([str(NOW), "x", {"trace": "1"}], [str(NOW + 1), "y"]), **JSON) == (204, "")
        assert await server.lines('{job="a"} | trace="1"') == [[str(NOW), "x"]]


async def test_the_older_form_is_taken() -> None:
    old = {"streams": [{"labels": '{job="a"}', "entries": [{"ts": "2026-11-25T09:59:59.5Z", "line": "x"}]}]}
    async with loki() as server:
        assert await server.post("/api/prom/push", msgspec.json.encode(old), **JSON) == (204, "")
        assert await server.lines('{job="a"}') == [[str(NOW - 5 * 10**8), "x"]]
        assert await server.json("/api/prom/label") == {"values": ["job"]}


async def test_tenants_have_lines_of_their_own() -> None:
    async with loki(LokiConfig()) as server:
        assert await server.post(PUSH, body([str(NOW), "x"]), **JSON) == (401, "no org id\n")
        assert (await server.post(PUSH, body([str(NOW), "x"]), **JSON, **{"X-Scope-OrgID": "a/b"}))[0] == 400
        assert await server.post(PUSH, body([str(NOW), "x"]), **JSON, **{"X-Scope-OrgID": "one"}) == (204, "")
        server.headers = {"X-Scope-OrgID": "two"}
        assert await server.lines('{job="a"}') == []
        server.headers = {"X-Scope-OrgID": "one"}
        assert await server.lines('{job="a"}') == [[str(NOW), "x"]]


async def test_records_of_otlp_become_lines_with_labels_and_metadata() -> None:
    record = {
        "timeUnixNano": str(NOW),
        "severityNumber": 17,
        "severityText": "ERROR",
        "body": {"stringValue": "boom"},
        "attributes": [{"key": "http.status", "value": {"intValue": "500"}}],
    }
    resource = {"attributes": [{"key": "service.name", "value": {"stringValue": "shop"}}]}
    request = {"resourceLogs": [{"resource": resource, "scopeLogs": [{"logRecords": [record]}]}]}
    async with loki() as server:
        assert await server.post("/otlp/v1/logs", msgspec.json.encode(request), **JSON) == (204, "")
        assert await server.lines('{service_name="shop"} | http_status="500" | severity_text="ERROR"') == [
            [str(NOW), "boom"]
        ]


async def test_otlp_is_taken_in_protobuf_too() -> None:
    def text(key: str, value: str) -> bytes:
        return framed(1, key.encode()) + framed(2, framed(1, value.encode()))

    record = b"\x09" + struct.pack("<Q", NOW) + framed(5, framed(1, b"boom")) + framed(9, b"\xab\xcd")
    resource = framed(1, framed(1, text("host", "h1")))
    request = framed(1, resource + framed(2, framed(2, record)))
    async with loki() as server:
        assert await server.post("/otlp/v1/logs", request, **{"Content-Type": "application/x-protobuf"}) == (204, "")
        assert await server.lines('{service_name="unknown_service"} | host="h1" | trace_id="abcd"') == [
            [str(NOW), "boom"]
        ]


async def test_names_values_and_series_are_of_a_time() -> None:
    async with loki() as server:
        await server.post(PUSH, body([str(NOW), "x"], job="a", b="1"), **JSON)
        await server.post(PUSH, body([str(NOW - 2 * 3600 * 10**9), "x"], job="c"), **JSON)
        assert await server.json("/loki/api/v1/labels") == {"status": "success", "data": ["b", "job"]}
        assert (await server.json("/loki/api/v1/label/job/values"))["data"] == ["a"]
        assert (await server.json("/loki/api/v1/label/job/values", start=str(NOW_S - 7201)))["data"] == ["a", "c"]
        assert await server.json("/loki/api/v1/label/none/values") == {"status": "success"}
        found = await server.json("/loki/api/v1/series", match='{job="c"}', start=str(NOW_S - 7201))
        assert found["data"] == [{"job": "c"}]


async def test_how_much_there_is_is_told() -> None:
    async with loki() as server:
        await server.post(PUSH, body([str(NOW - 1), "x" * 10]), **JSON)
        await server.post(PUSH, body([str(NOW - 1), "x" * 30], job="b"), **JSON)
        selector = {"query": '{job=~".+"}'}
        found = await server.json("/loki/api/v1/index/stats", **selector)
        assert found == {"streams": 2, "chunks": 2, "bytes": 40, "entries": 2}
        volume = (await server.json("/loki/api/v1/index/volume", **selector))["data"]["result"]
        assert [(one["metric"], one["value"][1]) for one in volume] == [({"job": "b"}, "30"), ({"job": "a"}, "10")]
        ranged = (await server.json("/loki/api/v1/index/volume_range", **selector, step="1h"))["data"]["result"]
        assert [one["values"] for one in ranged] == [[[NOW_S - 3600, "30"]], [[NOW_S - 3600, "10"]]]


async def test_the_pages_of_an_operator_answer() -> None:
    async with loki() as server:
        assert await server.get("/ready") == (200, "ready\n")
        assert "distributor => Running\n" in (await server.get("/services"))[1]
        assert (await server.json("/loki/api/v1/status/buildinfo"))["version"] == "2.7.4"
        assert await server.post("/flush", b"") == (204, "")
        assert (await server.get("/loki/api/v1/nothing"))[0] == 404


async def test_numbers_too_large_for_a_time_are_refused_wherever_they_stand() -> None:
    async with loki() as server:
        for text in ("9" * 19, "1" * 4400):
            for name in ("start", "end"):
                status, answer = await server.get("/loki/api/v1/labels", **{name: text})
                assert (status, answer.rpartition(":")[2]) == (400, " value out of range")
