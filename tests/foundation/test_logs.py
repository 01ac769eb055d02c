"""The engine's own log."""

from __future__ import annotations

import logging

import pytest

from engine.foundation.logs import Format, LineFormatter


@pytest.mark.parametrize("style", ["logfmt", "json"])
def test_names_of_files_that_are_no_text_can_be_told(style: Format) -> None:
    record = logging.LogRecord("engine.rules", logging.ERROR, "", 0, "%s is no file", ("a\udcff.yml",), None)
    assert "is no file" in LineFormatter(style).format(record).encode().decode()
