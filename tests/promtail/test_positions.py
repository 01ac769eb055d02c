"""Files of positions: what was written is read, and any bytes are read, refused in one line, or let alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from engine.foundation.errors import ConfigError
from engine.promtail.positions import KeptPositions, adopted, write_copy

PATHS = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), min_size=1, max_size=20)
OF_ONE_FILE = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])  # each example writes it anew


@OF_ONE_FILE
@given(st.dictionaries(PATHS, st.integers(0, 1 << 59), max_size=5))
def test_a_copy_is_read_as_it_was_written(tmp_path: Path, offsets: dict[str, int]) -> None:
    write_copy(tmp_path / "positions.yaml", offsets)
    assert adopted([tmp_path / "positions.yaml"], ignore_invalid=False) == offsets


@OF_ONE_FILE
@given(st.one_of(st.binary(max_size=60), st.text("positions: \"{}[]-1a\n'&*!|>%@#", max_size=60).map(str.encode)))
@example(b"positions:\n  a: !!int 5\n  b: [1]\n")
@example(b"positions: {a: '\xff'}")
@example(b"positions: {a: '" + b"9" * 5000 + b"'}")
def test_any_file_is_read_or_refused_in_a_line_that_names_it(tmp_path: Path, content: bytes) -> None:
    place = tmp_path / "positions.yaml"
    place.write_bytes(content)
    told = ""
    try:
        adopted([place], ignore_invalid=False)
    except ConfigError as error:
        told = str(error)
    assert not told or (told.startswith(str(place)) and "\n" not in told)
    adopted([place], ignore_invalid=True)


@OF_ONE_FILE
@given(st.one_of(st.binary(max_size=40), st.text('{}":,[]0a\\', max_size=40).map(str.encode)))
def test_any_file_of_our_own_is_read_or_let_alone(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "kept.json").write_bytes(content)
    kept = KeptPositions(tmp_path / "kept.json")
    kept.keep({"a": "1"})
    kept.save()
    assert KeptPositions(tmp_path / "kept.json").positions()["a"] == "1"


def test_a_file_that_is_not_there_says_nothing(tmp_path: Path) -> None:
    assert adopted([tmp_path / "none.yaml"], ignore_invalid=False) == {}
    (tmp_path / "folder").mkdir()
    with pytest.raises(ConfigError, match="can't be read: Is a directory"):
        adopted([tmp_path / "folder"], ignore_invalid=False)
