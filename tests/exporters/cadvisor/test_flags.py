"""cAdvisor's command line."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from engine.foundation.errors import ConfigError
from exporters.cadvisor.flags import parse_flags
from exporters.cadvisor.options import GROUPS, OFF, CadvisorOptions


def test_without_flags_the_defaults_hold() -> None:
    assert parse_flags([]) == CadvisorOptions()


def test_one_dash_is_enough_and_switches_need_no_value() -> None:
    options = parse_flags(["-docker_only", "--disable_root_cgroup_stats=true", "-docker_root", "/data/docker"])
    assert (options.docker_only, options.root, options.docker_root) == (True, False, Path("/data/docker"))


def test_what_is_disabled_replaces_what_is_off_by_default() -> None:
    assert parse_flags(["--disable_metrics=network,advtcp"]).groups == frozenset(GROUPS) - {"network"}
    assert parse_flags(["--enable_metrics=cpu,process"]).groups == {"cpu", "process"}
    assert parse_flags(["--disable_metrics="]).groups == frozenset(GROUPS)
    assert not OFF & CadvisorOptions().groups


def test_what_steers_nothing_here_is_said_and_taken(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        assert parse_flags(["--housekeeping_interval=10s", "--allow_dynamic_housekeeping=false"]) == CadvisorOptions()
    assert "--housekeeping_interval has no effect: everything is read at the moment of the scrape" in caplog.text


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--storage_driver=influxdb"], "--storage_driver is not built in: leave it out"),
        (["--enable_metrics=perf_event"], "the metrics 'perf_event' are not built in"),
        (["--disable_metrics=colour"], "unsupported metric 'colour': there are cpu, percpu"),
        (["--docker_only=perhaps"], "'perhaps' is neither true nor false"),
        (["--docker=tcp://10.0.0.1:2375"], "no socket of this machine"),
        (["--docker_root"], "--docker_root needs a value"),
        (["docker"], "unexpected argument 'docker'"),
        (["--whitelisted_container_labels=a"], "only with --store_container_labels=false"),
    ],
)
def test_a_mistaken_command_line_is_explained(arguments: list[str], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        parse_flags(arguments)
