"""The whole path on the guide's own files: scrape, rule, route, group, notify, resolve."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path
from subprocess import Popen

import pytest

from tests.end_to_end.guide_stack import Stack, guide_stack, rewrite
from tests.end_to_end.processes import fetch, wait_for


@pytest.fixture
def stack(guide: Path, tmp_path: Path) -> Iterator[Stack]:
    with guide_stack(guide, tmp_path) as made:
        yield made


@pytest.fixture
def engine(stack: Stack) -> Iterator[Popen[bytes]]:
    with stack.engine() as process:
        yield process


def service_down(stack: Stack) -> str | None:
    return stack.alert_state("ServiceDown", job="backend-api")


def html_of(message: EmailMessage) -> str:
    part = message.get_body(("html",))
    assert part is not None
    return str(part.get_content())


def test_a_killed_service_is_told_to_the_pager_alone_and_so_is_its_return(stack: Stack, engine: Popen[bytes]) -> None:
    with stack.backend() as process:
        wait_for("a sample of the application", lambda: stack.value('up{job="backend-api"}') == "1")
        process.kill()
        process.wait()
        wait_for("ServiceDown to be pending", lambda: service_down(stack) == "pending")
        wait_for("ServiceDown to be firing", lambda: service_down(stack) == "firing")
    message = wait_for("the message to Slack", lambda: stack.slack_messages("danger"))[0]
    assert message["channel"] == "#alerts"
    assert message["icon_emoji"] == ":rotating_light:"
    attachment = message["attachments"][0]
    assert attachment["title"] == "Service backend-api is down\n"
    assert attachment["text"] == "Service backend-api has been down for more than 1 minute.\n"
    with stack.backend():
        resolved = wait_for("the message that all is well", lambda: stack.slack_messages("good"))[0]
    assert resolved["attachments"][0]["title"] == "Service backend-api is down\n"
    assert not stack.mailbox.about("ServiceDown")
    rewrite(stack.rules, (r"alert: ServiceDown", "alert: ServiceGone"))
    engine.send_signal(signal.SIGHUP)
    wait_for("the files to be loaded again", lambda: b"ServiceGone" in fetch(f"{stack.url('prometheus')}/api/v1/rules"))


def test_a_killed_engine_goes_on_where_it_was_and_tells_nobody_twice(guide: Path, tmp_path: Path) -> None:
    with guide_stack(guide, tmp_path) as stack:
        with stack.engine() as engine:
            # What is on its way when the process dies may be told twice; what the journal has may not.
            wait_for("the message to be journaled", lambda: stack.journaled("team-pager", 'job="backend-api"'))
            wait_for("the mail to be journaled", lambda: stack.journaled("team-email", 'alertname="HighMemoryUsage"'))
            engine.kill()
            engine.wait()
        told, mailed = len(stack.slack_messages("danger")), len(stack.mailbox.about("[FIRING] HighMemoryUsage"))
        assert (told, mailed) == (1, 1)
        with stack.engine():
            wait_for("the alert to fire again", lambda: service_down(stack) == "firing")
            wait_for("samples of both runs", lambda: int(stack.value('count_over_time(up{job="node"}[5m])') or 0) > 5)
            wait_for("its group", lambda: stack.groups("team-pager"))
            time.sleep(3)  # several group intervals
        assert len(stack.slack_messages("danger")) == told
        assert len(stack.mailbox.about("[FIRING] HighMemoryUsage")) == mailed


def test_a_warning_reaches_the_mailbox_through_the_guides_template_and_so_does_its_end(stack: Stack) -> None:
    with stack.engine("--config.auto-reload", "--config.auto-reload-interval=200ms"):
        firing = wait_for("the mail", lambda: stack.mailbox.about("HighMemoryUsage"))[0]
        assert firing["Subject"] == "[FIRING] HighMemoryUsage"
        assert firing["To"] == "team@example.com"
        assert firing["From"] == "alertmanager@example.com"
        body = html_of(firing)
        assert "<h1>HighMemoryUsage</h1>" in body
        assert "<strong>Status:</strong> FIRING" in body
        assert "on node-exporter:9100" in body

        rewrite(stack.rules, (r"\* 100 > 0", "* 100 > 100"))
        resolved = wait_for("the second mail", lambda: stack.mailbox.about("[RESOLVED] HighMemoryUsage"))[0]
        assert "<strong>Status:</strong> RESOLVED" in html_of(resolved)
        assert not any("HighMemoryUsage" in str(post) for _, post in stack.slack.posts)
