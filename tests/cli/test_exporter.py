"""Exporters that run alone, given what can't be meant."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from click.testing import CliRunner

from engine.cli.main import cli


def refused(*words: str) -> str:
    result = CliRunner().invoke(cli, ["exporter", *words])
    assert result.exit_code != 0
    return result.output + str(result.exception)


@pytest.mark.parametrize("path", ["metrics", "/{name}"])
def test_the_path_of_a_page_begins_with_a_slash_and_holds_no_braces(path: str) -> None:
    assert f"{path!r} is no path of a page: want one like /metrics" in refused("node", "--web.telemetry-path", path)


def test_probes_that_are_remembered_are_not_fewer_than_none() -> None:
    assert "-1 is not in the range x>=0" in refused("blackbox", "--history.limit", "-1")


@pytest.mark.parametrize("offset", ["nan", "inf", "half"])
def test_an_offset_of_timeouts_is_a_number_of_seconds(offset: str) -> None:
    assert f"{offset!r} is no number of seconds" in refused("blackbox", "--timeout-offset", offset)


def test_what_can_not_be_probed_is_told_when_the_file_is_loaded(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "blackbox.yml"
    file.write_text("modules: {a: {prober: htp}}")
    with caplog.at_level(logging.WARNING):
        result = CliRunner().invoke(cli, ["exporter", "blackbox", "--config", str(file), "--config.check"])
    assert result.exit_code == 0
    assert 'blackbox.yml:1:23: modules.a.prober: unknown prober "htp"' in caplog.text
