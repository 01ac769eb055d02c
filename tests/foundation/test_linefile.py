"""Files that grow by lines."""

from __future__ import annotations

import logging
import os
from pathlib import Path

import pytest

from engine.foundation.linefile import LineFile


def test_each_line_is_whole_though_the_file_is_moved_away(tmp_path: Path) -> None:
    lines = LineFile("key", tmp_path / "f")
    lines.add({"a": 1})
    (tmp_path / "f").rename(tmp_path / "f.1")
    lines.add({"b": "\n"})
    assert [(tmp_path / name).read_text() for name in ("f.1", "f")] == ['{"a":1}\n', '{"b":"\\n"}\n']


def test_the_folder_is_made_where_the_one_above_is_there(tmp_path: Path) -> None:
    LineFile("key", tmp_path / "prometheus" / "f").add(1)
    assert (tmp_path / "prometheus" / "f").read_text() == "1\n"


def folder(path: Path) -> None:
    path.mkdir()


@pytest.mark.parametrize(
    ("make", "name", "why"),
    [
        (folder, "f", "Is a directory"),
        (os.mkfifo, "f", "No such device or address"),
        (folder, "a/b/c", "No such file or directory"),
        (folder, "a\0b", "embedded null byte"),
    ],
    ids=["folder", "pipe that nobody reads", "no folder", "no name"],
)
def test_what_can_not_be_written_is_told_once(
    make: object, name: str, why: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert callable(make)
    make(tmp_path / "f")
    lines = LineFile("key", tmp_path / name)
    with caplog.at_level(logging.ERROR):
        lines.add(1)
        lines.add(2)
    (record,) = caplog.records
    assert record.getMessage() == f"key {tmp_path / name} can't be written: {why}"
