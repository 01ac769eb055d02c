from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from engine.foundation.gojson import encode, encode_line


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
