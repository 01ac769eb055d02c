"""`promtool check metrics` and ours, on pages whole and broken: the same words, the same exit codes."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner

from engine.cli.main import cli
from tests.end_to_end.processes import ENGINE

PROMTOOL = shutil.which("promtool")
pytestmark = [pytest.mark.peer, pytest.mark.skipif(PROMTOOL is None, reason="promtool is not installed")]

ODD = """# HELP a_total x
# TYPE a_total gauge
a_total{le="1",quantile="2",camelCase="3"} 1
# TYPE b counter
b 1
b{x="1"} 2
# HELP c_milliseconds x
# TYPE c_milliseconds histogram
c_milliseconds_bucket{le="1"} 1
c_milliseconds_bucket{le="+Inf"} 1
c_milliseconds_sum 1
c_milliseconds_count 2
d_gauge_s_bucket 2
# TYPE e_sum gauge
e_sum{quantile="1"} 1
e_sum{quantile="2"} 1
myGauge:x_ms_kb 3
# HELP s_summary help
# TYPE s_summary summary
s_summary{quantile="0.5"} 1
s_summary_sum 1
s_summary_count 1
# HELP unused nobody
# a comment
#
"""
PAGES = (
    "",
    ODD,
    "# HELP a_seconds fine\n# TYPE a_seconds gauge\na_seconds 1 1000\n",
    'a{x="1} 2\n',
    "# TYPE a foo\na 2\n",
    "a 2",
    "a 1\nb 1\na 2\n",
    "# HELP a x\n# HELP a y\na 2\n",
    "a 1\n# TYPE a gauge\n",
    'a{le="1",le="2"} 1\n',
    "a 0x1p 1\n",
    "a 1 b\n",
    "a 1 2 3\n",
    "a\n",
    "1a 2\n",
    "a{x} 1\n",
    "a{x=1} 1\n",
    'a{1="x"} 1\n',
    'a{__name__="x"} 1\n',
    'a{x="1"y="2"} 1\n',
    'a { x = "1" , } NaN\n',
    'a{x="\\"\\\\\\n"} +Inf\n',
    "# TYPE a\na 1\n",
    "# HELP 1a x\n",
    "# TYPE a COUNTER\na 1\n",
    "\ta 1\n\n  \n",
    "temperature_fahrenheit 1\ndisk_kilobytes_total 2\nlength_in_miles 3\n",
)


def judged(command: list[str], page: str) -> tuple[int, list[str]]:
    done = subprocess.run(command, input=page, capture_output=True, text=True, timeout=60, check=False)
    return done.returncode, (done.stdout + done.stderr).splitlines()


@pytest.mark.parametrize("page", PAGES)
def test_pages_are_judged_in_promtools_words(page: str) -> None:
    assert PROMTOOL is not None
    done = CliRunner().invoke(cli, ["check", "metrics"], input=page)
    assert (done.exit_code, (done.stdout + done.stderr).splitlines()) == judged([PROMTOOL, "check", "metrics"], page)


def test_the_number_of_series_is_told_alike(conformance: Path) -> None:
    page = (conformance / "prometheus" / "promtool" / "metrics-test.prom").read_text()
    words = ["check", "metrics", "--extended"]
    assert PROMTOOL is not None
    assert judged([*ENGINE, *words], page) == judged([PROMTOOL, *words], page)
