"""Entries as journalctl writes them."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.promtail.errors import SourceError
from engine.promtail.targets.journal import discovered, fields_of


def test_bytes_and_repeated_fields_are_read() -> None:
    line = b'{"MESSAGE": [104, 105, 255], "A": ["x", "y"], "N": null, "_PID": "7", "PRIORITY": "3"}'
    fields = fields_of(line)
    assert fields == {"MESSAGE": "hi\ufffd", "A": "y", "_PID": "7", "PRIORITY": "3"}
    labels = discovered(fields)
    assert labels["__journal__pid"] == "7"
    assert labels["__journal_priority_keyword"] == "error"


@pytest.mark.parametrize("line", [b"", b"{", b"[]", b'"x"', b"\xff"])
def test_what_is_no_entry_is_refused(line: bytes) -> None:
    with pytest.raises(SourceError):
        fields_of(line)


_VALUES = (
    st.none() | st.text() | st.lists(st.integers(-5, 300), max_size=4) | st.lists(st.text(), max_size=3) | st.floats()
)


@given(st.dictionaries(st.text(max_size=8), _VALUES, max_size=5))
def test_any_object_becomes_texts(fields: dict[str, object]) -> None:
    found = fields_of(msgspec.json.encode(fields))
    assert set(found) <= set(fields)
    assert all(isinstance(value, str) for value in discovered(found).values())
