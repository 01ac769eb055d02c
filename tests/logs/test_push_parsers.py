"""Whatever is pushed is read or refused in plain words, and what was read can be kept."""

from __future__ import annotations

import json
from array import array
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import cramjam
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.foundation.errors import RemoteError
from engine.foundation.protobuf import counted, framed
from engine.logs.config.limits import Limits
from engine.logs.errors import PushRefusedError
from engine.logs.intake import Intake
from engine.logs.push.json import Runs, from_json, from_old_json
from engine.logs.push.labeltext import LabelsError, named, parsed
from engine.logs.push.protobuf import from_protobuf, from_snappy
from engine.logs.push.times import TimeError, from_digits
from engine.logs.store.store import LogStore
from engine.remote.otlp.logs import runs_of
from engine.testing.manual_clock import ManualClock
from promql.model.labels import Labels
from tests.logs.twin import answer

NOW = 1_795_600_800_000_000_000


def otlp_json(body: bytes) -> Runs:
    return runs_of("application/json", body, NOW)


def otlp_protobuf(body: bytes) -> Runs:
    return runs_of("application/x-protobuf", body, NOW)


READERS = (from_json, from_old_json, from_protobuf, from_snappy, otlp_json, otlp_protobuf)


def taken(read: Callable[[bytes], Runs], body: bytes) -> None:
    """Read it and push it to a store that takes all times: only what a client is told may be raised."""
    with suppress(RemoteError):
        runs = read(body)
        for _, run in runs:
            assert len(run.text) == sum(run.sizes) + len(run.sizes)
            assert len(run.sizes) == len(run.times)
            assert all(0 <= row < len(run) for row in run.metadata)
        store = LogStore(None)
        limits = Limits(reject_old_samples=False, max_global_streams_per_user=3)
        intake = Intake(store, ManualClock(NOW // 10**6), lambda _: limits, lambda: 3600 * 10**9)
        with suppress(PushRefusedError):
            intake.take("fake", runs, {})
        store.seal()
        answer(store)


# --- bodies that are nearly right

TIMES = st.sampled_from([NOW, 0, -1, 2**63 - 1, 2**63, 2**64 - 1, -(2**63)])
DIGITS = TIMES.map(str) | st.sampled_from(["", "-", "+5", "1e9", "1" * 5000, "0" * 30 + "7", "\u0661"])
SCALARS = st.none() | st.booleans() | TIMES | st.floats() | st.text(max_size=3) | DIGITS
KEYS = st.sampled_from(
    [
        *("streams", "stream", "labels", "values", "entries", "ts", "line", "resourceLogs", "resource", "scopeLogs"),
        *("logRecords", "attributes", "key", "value", "body", "timeUnixNano", "severityNumber", "stringValue"),
        *("intValue", "doubleValue", "kvlistValue", "arrayValue"),
    ]
)
ANYTHING = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS | st.text(max_size=3), inner, max_size=4),
    max_leaves=12,
)
LABELS = st.dictionaries(st.sampled_from(["job", "a_b", "a-b", "0", ""]), st.text(max_size=3) | ANYTHING, max_size=3)
LABEL_TEXTS = st.text(alphabet="{}=\"'`,\\abnxuU07dDfF \n\u00fc", max_size=20) | st.sampled_from(
    ['{job="a"}', r'{a="\U00110000"}', r'{a="\ud800"}', r'{a="\777"}', r'{a="\q"}', r'{a="\xff"}']
)
LINES = st.lists(st.tuples(DIGITS, st.text(max_size=3)) | st.lists(ANYTHING, max_size=4), max_size=3)
PUSHES = st.fixed_dictionaries(
    {"streams": st.lists(st.fixed_dictionaries({"stream": LABELS, "values": LINES}), max_size=3)}
)
OLD_PUSHES = st.fixed_dictionaries(
    {
        "streams": st.lists(
            st.fixed_dictionaries(
                {
                    "labels": LABEL_TEXTS,
                    "entries": st.lists(
                        st.fixed_dictionaries(
                            {
                                "ts": st.sampled_from(
                                    [
                                        "2026-11-25T10:00:00Z",
                                        "9999-12-31T23:59:59-14:00",
                                        "0001-01-01T00:00:00+14:00",
                                        "x",
                                    ]
                                ),
                                "line": st.text(max_size=3),
                            }
                        ),
                        max_size=2,
                    ),
                }
            ),
            max_size=2,
        )
    }
)
RECORDS = st.lists(
    st.fixed_dictionaries(
        {},
        optional={
            "timeUnixNano": TIMES | DIGITS,
            "observedTimeUnixNano": TIMES | DIGITS,
            "severityNumber": SCALARS,
            "body": ANYTHING,
            "attributes": st.lists(st.fixed_dictionaries({"key": st.text(max_size=3), "value": ANYTHING}), max_size=2),
        },
    ),
    max_size=2,
)
OTLP = RECORDS.map(lambda records: {"resourceLogs": [{"scopeLogs": [{"logRecords": records}]}]})
TREES = st.recursive(
    st.builds(framed, st.integers(1, 12), st.binary(max_size=4))
    | st.builds(counted, st.integers(1, 12), st.integers(-(2**63), 2**64 - 1)),
    lambda inner: st.builds(
        lambda n, parts: framed(n, b"".join(parts)), st.integers(1, 11), st.lists(inner, max_size=3)
    ),
    max_leaves=12,
)
ENTRY = (
    framed(1, counted(1, NOW // 10**9) + counted(2, 5)) + framed(2, b"x") + framed(3, framed(1, b"a") + framed(2, b"b"))
)
GOOD = (
    b'{"streams": [{"stream": {"job": "a"}, "values": [["%d", "x"], ["%d", "y", {"a": "b"}]]}]}' % (NOW, NOW),
    b'{"streams": [{"labels": "{job=\\"a\\"}", "entries": [{"ts": "2026-11-25T10:00:00Z", "line": "x"}]}]}',
    framed(1, framed(1, b'{job="a"}') + framed(2, ENTRY)),
    bytes(cramjam.snappy.compress_raw(framed(1, framed(1, b'{job="a"}') + framed(2, ENTRY)))),
    b'{"resourceLogs": [{"scopeLogs": [{"logRecords": [{"timeUnixNano": "%d", "body": {"stringValue": "x"}}]}]}]}'
    % NOW,
    framed(1, framed(2, framed(2, framed(5, framed(1, b"boom")) + framed(6, framed(1, b"k"))))),
)


@pytest.mark.parametrize(
    ("read", "body"), list(zip(READERS, GOOD, strict=True)), ids=lambda one: getattr(one, "__name__", "")
)
def test_each_reader_reads_its_own_form(read: Callable[[bytes], Runs], body: bytes) -> None:
    assert sum(len(run) for _, run in read(body)) >= 1


@given(body=st.binary(max_size=60))
def test_rubbish_is_refused(body: bytes) -> None:
    for read in READERS:
        taken(read, body)


@given(data=st.data())
def test_a_push_with_some_bytes_changed_is_read_or_refused(data: st.DataObject) -> None:
    for read, good in zip(READERS, GOOD, strict=True):
        body = bytearray(good)
        for _ in range(data.draw(st.integers(1, 3))):
            at = data.draw(st.integers(0, max(len(body) - 1, 0)))
            body[at : at + data.draw(st.integers(0, 2))] = data.draw(st.binary(max_size=2))
        taken(read, bytes(body))


@given(push=PUSHES | ANYTHING, old=OLD_PUSHES | ANYTHING, otlp=OTLP | ANYTHING)
def test_json_of_any_shape_is_read_or_refused(push: Any, old: Any, otlp: Any) -> None:
    for read, value in ((from_json, push), (from_old_json, old), (otlp_json, otlp)):
        taken(read, json.dumps(value).encode())
        taken(read, json.dumps(value, ensure_ascii=False).encode(errors="surrogatepass"))


@given(fields=st.lists(TREES, max_size=3))
def test_protobuf_of_any_shape_is_read_or_refused(fields: list[bytes]) -> None:
    for read in (from_protobuf, otlp_protobuf):
        taken(read, b"".join(fields))


@pytest.mark.parametrize("depth", [50, 200, 250, 5000])
@pytest.mark.parametrize("read", [from_json, from_old_json, otlp_json], ids=["json", "old", "otlp"])
def test_however_deep_it_is_it_is_read_or_refused(read: Callable[[bytes], Runs], depth: int) -> None:
    for opened, closed in ((b"[", b"]"), (b'{"kvlistValue":{"values":[{"key":"a","value":', b"}]}}")):
        value = opened * depth + closed * depth
        taken(read, b'{"streams":[{"stream":{"a":%b},"values":[["1","x"]]}]}' % value)
        taken(read, b'{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":%b}]}]}]}' % value)


# --- labels and times


@given(text=LABEL_TEXTS)
def test_label_text_is_read_or_refused(text: str) -> None:
    try:
        found = parsed(text)
    except LabelsError:
        return
    msgspec.msgpack.encode(found.pairs)  # text that can be kept
    assert parsed(str(found)) == found


@given(
    labels=st.dictionaries(
        st.from_regex(r"[a-zA-Z_][a-zA-Z0-9_]{0,5}", fullmatch=True), st.text(st.characters(exclude_categories=["Cs"]))
    )
)
def test_labels_are_read_as_they_are_written(labels: dict[str, str]) -> None:
    assert parsed(str(Labels.of(labels))) == Labels.of(labels) == named(labels)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (r'{a="\xc3\xbc"}', "ü"),
        (r'{a="\303\274"}', "ü"),
        (r'{a="\u00fc\U0001F600"}', "ü😀"),
        (r'{a="\xff"}', "\ufffd"),
        (r"""{a='"\''}""", "\"'"),
        (r"{a=`\x`}", r"\x"),
    ],
)
def test_values_are_quoted_as_in_go(text: str, value: str) -> None:
    assert parsed(text) == Labels.of(a=value)


@pytest.mark.parametrize("escape", [r"\U00110000", r"\UFFFFFFFF", r"\ud800", r"\777", r"\q", r"\x1", r"\u12"])
def test_an_escape_that_is_none_is_refused(escape: str) -> None:
    with pytest.raises(LabelsError, match="1:4: parse error: unknown escape sequence"):
        parsed(f'{{a="{escape}"}}')


def test_a_long_name_is_refused_at_the_place_that_is_wrong() -> None:
    name = "a" * 300_000 + "-"
    with pytest.raises(LabelsError, match="1:300002: parse error: unexpected character inside braces: '-'"):
        named({name: "b"})


@given(texts=st.lists(DIGITS | st.text(max_size=3), max_size=3))
def test_times_are_read_or_refused(texts: list[str]) -> None:
    try:
        found = from_digits(texts)
    except TimeError:
        return
    assert found == array("q", map(int, texts))
