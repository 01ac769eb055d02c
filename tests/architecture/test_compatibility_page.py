"""docs/compatibility.md is made from the code's tables; it may not lag behind them, nor say what they don't."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import click
import msgspec
import pytest

from docs import generate
from docs.tables.configuration import OWN_TABLES, sections
from docs.tables.http import http
from docs.tables.keys import keys_of
from docs.tables.kinds import _states
from docs.tables.markdown import originals
from engine.alerting.config.document import AlertmanagerConfig
from engine.cli.running.run import NOT_YET, run
from engine.config.prometheus import PrometheusConfig
from engine.discovery.config import TargetSources
from engine.foundation.decode import NotHere, NotYet, OnlyHere

STALE = "docs/compatibility.md is stale: run `make docs`"


@pytest.fixture(scope="module")
def written() -> str:
    return generate.page()


def test_the_committed_page_is_current(written: str) -> None:
    assert generate.PAGE.read_text() == written, STALE


def test_check_tells_a_stale_page_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = tmp_path / "compatibility.md"
    assert generate.main(["--check"], page) == 1
    assert capsys.readouterr().err == STALE + "\n"
    assert generate.main([], page) == 0
    assert generate.main(["--check"], page) == 0
    assert generate.main(["--chekc"], page) == 2


def test_two_runs_write_the_same(written: str) -> None:
    assert generate.page() == written


def test_every_line_of_a_table_has_as_many_cells_as_its_head(written: str) -> None:
    for block in re.findall(r"(?:^\|.*\n)+", written, re.MULTILINE):
        widths = {len(re.findall(r"(?<!\\)\|", line)) for line in block.splitlines()}
        assert len(widths) == 1, block


def test_every_link_leads_to_a_file_or_a_heading(written: str) -> None:
    headings = {title.lower().replace(" ", "-") for title in re.findall(r"^#+ (.*)$", written, re.MULTILINE)}
    for target in re.findall(r"\]\(([^)]+)\)", written):
        assert (
            target.removeprefix("#") in headings
            if target.startswith("#")
            else (generate.PAGE.parent / target).is_file()
        ), target


def test_a_marked_key_is_never_among_those_that_work() -> None:
    class Marked(msgspec.Struct):
        plain: str = ""
        later: Annotated[str, NotYet()] = ""
        never: Annotated[str, NotHere("use plain")] = ""
        ours: Annotated[str, OnlyHere("Prometheus refuses it")] = ""

    ((place, works, limits, _),) = sections(Marked, "", {})
    assert (place, works) == ("top level", "`plain`")
    assert limits == (
        "`later`: valid in Prometheus, not supported yet; `never`: valid in Prometheus, not supported here: use plain;"
        " `ours`: works here, but Prometheus refuses it"
    )


@pytest.mark.parametrize("root", [PrometheusConfig, AlertmanagerConfig])
def test_every_key_of_the_first_level_is_told(root: type[msgspec.Struct]) -> None:
    (_, works, limits, _), *_ = sections(root, "", dict(OWN_TABLES))
    assert all(f"`{field.encode_name}`" in works + limits for field in msgspec.structs.fields(root))


def test_tables_that_disagree_write_no_page() -> None:
    with pytest.raises(ValueError, match="disagree"):
        list(_states(list(keys_of(TargetSources)), ()))


def test_every_flag_of_run_is_told(written: str) -> None:
    options = [name for option in run.params if isinstance(option, click.Option) for name in option.opts]
    assert all(f"`{name}`" in written for name in options)


def test_each_flag_and_path_is_told_as_taken_or_as_missing_and_not_as_both() -> None:
    taken = {name for option in run.params for name in option.opts}
    assert taken.isdisjoint(NOT_YET)
    text = "\n".join(http())
    for component in ("prometheus", "alertmanager", "node"):
        for path in originals(component, "paths"):
            assert f"`{path}`" in text
