"""Alerts on the desktop: which program shows them, with which words, and what is said where it can't."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from engine.alerting.alert import Alert
from engine.app.process.alertnews import News
from engine.app.process.desktop import Desktop, command, program
from engine.foundation.clock import SystemClock
from engine.foundation.errors import ConfigError
from engine.foundation.supervise import Supervisor
from promql.model.labels import Labels

ODD = Alert(Labels.of({"alertname": "Down"}), (("summary", '--icon=x "; $(rm) <b>&'),), 0, 1, 0)
NEWS = News((ODD,), ())


def installed(name: str) -> str | None:
    return f"/usr/bin/{name}"


@pytest.mark.parametrize(("platform", "name"), [("linux", "notify-send"), ("darwin", "osascript")])
def test_each_system_has_a_program_for_it(platform: str, name: str) -> None:
    assert program(platform, installed) == f"/usr/bin/{name}"


@pytest.mark.parametrize("platform", ["linux", "darwin", "win32"])
def test_where_there_is_none_that_is_said_at_the_start(platform: str) -> None:
    with pytest.raises(ConfigError, match=r"^--notify: .* is not here: "):
        program(platform, lambda _: None)


def test_a_system_that_has_no_such_program_is_not_asked_for_one() -> None:
    with pytest.raises(ConfigError, match="there is none on this system"):
        program("win32", installed)


@pytest.mark.parametrize("path", ["/usr/bin/notify-send", "/usr/bin/osascript"])
def test_words_of_alerts_are_arguments_whatever_they_hold(path: str) -> None:
    *before, title, body = command(path, NEWS)
    assert (title, body) == ("Alerts: 1 firing", 'Down: --icon=x "; $(rm) <b>&')
    assert "$(rm)" not in "".join(before)
    assert before[-1] in {"--", "end run"}


async def test_what_is_new_is_shown_by_one_call_of_the_program(tmp_path: Path) -> None:
    fake, seen = tmp_path / "notify-send", tmp_path / "seen"
    fake.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" > {seen}.tmp && mv {seen}.tmp {seen}\n')
    fake.chmod(0o755)
    clock = SystemClock()
    supervisor = Supervisor(clock)
    desktop = Desktop(str(fake))
    task = supervisor.start("desktop", desktop.run)
    desktop.show(News((), (ODD, ODD)))
    async with asyncio.timeout(60):
        while not seen.exists():
            await clock.sleep(0.02)
    await supervisor.stop(task)
    assert seen.read_text().splitlines()[1:4] == ["--urgency=normal", "--", "Alerts: 2 resolved"]


@pytest.mark.parametrize("path", ["/nowhere/notify-send", "/bin/false"])
async def test_a_program_that_fails_is_told_in_the_log_and_ends_nothing(
    path: str, caplog: pytest.LogCaptureFixture
) -> None:
    clock = SystemClock()
    supervisor = Supervisor(clock)
    desktop = Desktop(path)
    task = supervisor.start("desktop", desktop.run)
    desktop.show(NEWS)
    async with asyncio.timeout(60):
        while not caplog.messages:
            await clock.sleep(0.02)
    assert not task.done()
    await supervisor.stop(task)
    assert "nothing is shown on the desktop" in caplog.text
