"""Files of samples, in pieces, with the line of each mistake."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.offline.parsing import ImportFileError, is_openmetrics, pieces

TEXT = '# HELP m what it is\n# TYPE m gauge\nm{a="1"} 1 1000\n\nm{a="2"} 2.5 2000\n  \n# a comment\nn NaN 3000\n'
OPENMETRICS = '# TYPE m gauge\nm{a="1"} 1 1.0\nm{a="2"} 2.5 2.0\nn NaN 3.0\n# EOF\n'


def read(path: Path, piece: int = 1 << 20) -> list[tuple[bytes, int, str]]:
    return [
        (key, time, f"{value:g}")
        for found in pieces(path, piece)
        for key, time, value in zip(found.keys, found.times.tolist(), found.values.tolist(), strict=True)
    ]


SAMPLES = [(b'm{a="1"}', 1000, "1"), (b'm{a="2"}', 2000, "2.5"), (b"n", 3000, "nan")]


@pytest.mark.parametrize("text", [TEXT, TEXT.rstrip(), OPENMETRICS, OPENMETRICS.rstrip()])
def test_both_formats_are_read_and_told_apart_by_the_end(text: str, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text(text)
    assert is_openmetrics(path) == ("EOF" in text)
    assert read(path) == SAMPLES


@given(piece=st.integers(1, 120), text=st.sampled_from([TEXT, OPENMETRICS]))
def test_the_size_of_pieces_makes_no_difference(
    piece: int, text: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("file") / "file"
    path.write_text(text)
    assert read(path, piece) == SAMPLES
    assert sum(found.size for found in pieces(path, piece)) == len(text)


@pytest.mark.parametrize("piece", [1, 30, 1 << 20])
@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("m 1 1000\n\n# x\nm 2\n", "file:4: the sample has no timestamp: only samples with one can be imported"),
        ("m 1\n", "file:1: the sample has no timestamp"),
        ("m 1 1000\n" * 9 + "m x 1000\nm 1 1000\n", 'file:10: strconv.ParseFloat: parsing "x": invalid syntax'),
        ("m 1 1000\nm{a} 1 1000\n", "file:2: expected equal"),
        ("m 1 1.0\nm{a=1} 1 1.0\n# EOF\n", "file:2: expected label value"),
        ("m 1 1.0\nm 2 x\n# EOF\n", "file:2: "),
    ],
)
def test_a_mistake_is_told_with_its_line(text: str, said: str, piece: int, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text(text)
    with pytest.raises(ImportFileError) as raised:
        read(path, piece)
    assert said in str(raised.value)


def test_an_empty_file_has_nothing(tmp_path: Path) -> None:
    path = tmp_path / "file"
    for text in ("", "\n", "# EOF\n", "# EOF"):
        path.write_text(text)
        assert read(path) == []
