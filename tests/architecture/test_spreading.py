"""What the spreading of files over workers knows of them is true."""

from __future__ import annotations

from tests.conftest import PROJECT
from tests.spreading import LONGEST, WAITING


def test_files_that_begin_first_are_there() -> None:
    assert [file for file in LONGEST if not (PROJECT / file).is_file()] == []
    assert [folder for folder in WAITING if not (PROJECT / folder).is_dir()] == []
