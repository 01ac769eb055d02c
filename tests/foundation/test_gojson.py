from __future__ import annotations

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.foundation.gojson import decode, encode, encode_line


def test_angle_brackets_ampersands_and_line_separators_are_escaped_as_go_does() -> None:
    assert encode({"a": "<b>&\u2028\u2029"}) == rb'{"a":"\u003cb\u003e\u0026\u2028\u2029"}'


def test_control_characters_have_gos_forms() -> None:
    assert encode("\b\f\n\r\t\x00\\b") == rb'"\u0008\u000c\n\r\t\u0000\\b"'


@given(
    st.recursive(
        st.text() | st.booleans() | st.none(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
    )
)
def test_what_is_written_reads_back(value: object) -> None:
    assert json.loads(encode_line(value)) == value


@pytest.mark.parametrize(
    ("body", "read"),
    [
        (rb'"a\ud800"', "a\ufffd"),
        (rb'"\udc00b"', "\ufffdb"),
        (rb'"\ud83d\ude00\ud83d"', "\U0001f600\ufffd"),
        (rb'"\\ud800\ud800"', "\\ud800\ufffd"),
        (rb'"\ud800\ud83d\ude00"', "\ufffd\U0001f600"),
        (b'"\xff\xe2\x82"', "\ufffd\ufffd\ufffd"),
        (b'{"\xff":"\xc3\xa9"}', {"\ufffd": "\u00e9"}),
    ],
)
def test_what_is_no_text_is_read_as_go_reads_it(body: bytes, read: object) -> None:
    assert decode(body) == read


@pytest.mark.parametrize("body", [b"[", b'"\xff', rb'"\u12"', b"\xff"])
def test_what_is_no_json_is_none_whatever_is_mended(body: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        decode(body)


@given(st.text())
def test_what_is_text_is_read_as_it_is(text: str) -> None:
    assert decode(msgspec.json.encode(text)) == text == decode(json.dumps(text).encode())
