"""Shared fixtures, and Hypothesis's profiles: dev (short), ci (derandomised), nightly (long)."""

from __future__ import annotations

import gc
import os
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from engine.testing.manual_clock import ManualClock

ON_ANY_MACHINE = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # a busy one is slow
settings.register_profile("dev", ON_ANY_MACHINE, max_examples=50)
settings.register_profile("ci", ON_ANY_MACHINE, max_examples=50, derandomize=True)  # more of the same find nothing new
settings.register_profile("nightly", ON_ANY_MACHINE, max_examples=5000)
PROFILE = os.environ.get("HYPOTHESIS_PROFILE", "ci" if os.environ.get("CI") else "dev")
settings.load_profile(PROFILE)

PROJECT = Path(__file__).resolve().parent.parent


def shared(name: str, variable: str) -> Path:
    """A folder of test data beside the project, or where the environment says; skips the test when it is missing."""
    folder = Path(os.environ.get(variable, PROJECT.parent / "shared" / name))
    if not folder.is_dir():
        pytest.skip(f"no {name} data at {folder}: set {variable}")
    return folder


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """At night a law is tried thousands of times, which takes as long as it takes."""
    for item in items if PROFILE == "nightly" else ():
        item.add_marker(pytest.mark.timeout(3600))


def pytest_collection_finish() -> None:
    """What was collected lives as long as the process: no collection of garbage need look through ten thousand tests."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> object | None:
    """Files are spread by what they do: see there."""
    if config.getoption("dist") != "loadfile":
        return None
    from tests.spreading import Spreading

    return Spreading(config, log)


@pytest.fixture(scope="session")
def conformance() -> Path:
    return shared("conformance", "ENGINE_CONFORMANCE")


@pytest.fixture(scope="session")
def guide() -> Path:
    return shared("guide", "ENGINE_GUIDE")


@pytest.fixture
async def manual_clock() -> ManualClock:
    return ManualClock(start_ms=1_700_000_000_000)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Where everything must be at hand (CI), a skipped test is a failed one."""
    report = yield
    if report.skipped and os.environ.get("ENGINE_NO_SKIPS"):
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} was skipped where it must run: {report.longrepr}"
    return report
