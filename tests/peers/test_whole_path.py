"""The engine and an original share the path: each side's alerts reach the other's receivers."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.guide_stack import Stack, guide_stack, rewrite
from tests.end_to_end.processes import fetch, fetch_json, free_port, running, wait_for
from tests.peers.alone import program as original

pytestmark = pytest.mark.peer


@pytest.fixture
def stack(guide: Path, tmp_path: Path) -> Iterator[Stack]:
    with guide_stack(guide, tmp_path) as made:
        yield made


def both_fire(alertmanager: str) -> Any:
    """The alerts, once both are among them: where Prometheus is late with its next word, one is over until then."""
    alerts = fetch_json(f"{alertmanager}/api/v2/alerts")
    return {"ServiceDown", "HighMemoryUsage"} <= {alert["labels"]["alertname"] for alert in alerts} and alerts


def test_the_real_alertmanager_notifies_of_the_engines_alerts(stack: Stack) -> None:
    program, port = original("prometheus-alertmanager"), free_port()
    rewrite(
        stack.folder / "alertmanager" / "config.yml",
        (r"/etc/alertmanager/templates", str(stack.folder / "alertmanager" / "templates")),
    )
    rewrite(stack.folder / "prometheus" / "prometheus.yml", (r"alertmanager:9093", f"127.0.0.1:{port}"))
    command = [
        program, f"--config.file={stack.folder / 'alertmanager' / 'config.yml'}", "--cluster.listen-address=",
        f"--storage.path={stack.data / 'alertmanager'}", f"--web.listen-address=127.0.0.1:{port}",
    ]  # fmt: skip
    with running(command, stack.data / "alertmanager.log"), stack.engine():
        wait_for("the real Alertmanager", lambda: fetch(f"http://127.0.0.1:{port}/-/ready"))
        message = wait_for("its message to Slack", lambda: stack.slack_messages("danger"))[0]
        assert message["attachments"][0]["title"] == "Service backend-api is down\n"
        wait_for("its mail", lambda: stack.mailbox.about("[FIRING] HighMemoryUsage"))
        alerts = wait_for("both alerts", lambda: both_fire(f"http://127.0.0.1:{port}"))
        assert all(alert["generatorURL"].endswith("&g0.tab=1") for alert in alerts)
        with stack.backend():
            wait_for("the message that all is well", lambda: stack.slack_messages("good"))


def test_the_engines_alertmanager_notifies_of_the_real_prometheus_alerts(stack: Stack) -> None:
    program, port = original("prometheus"), free_port()
    config = stack.data / "original" / "prometheus.yml"
    shutil.copytree(stack.folder / "prometheus", config.parent)
    rewrite(
        config,
        (r"alertmanager:9093", f"127.0.0.1:{stack.ports['alertmanager']}"),
        (r"/etc/prometheus/rules", "rules"),
        (r"node-exporter:9100", f"127.0.0.1:{stack.ports['node']}"),
        (rf"backend-api:{stack.ports['backend']}", f"127.0.0.1:{stack.ports['backend']}"),
    )
    rewrite(stack.rules, (r"groups:", "groups: []\nrules-of-the-original:"), (r"(?s)rules-of-the-original:.*", ""))
    command = [
        program, f"--config.file={config}", f"--storage.tsdb.path={stack.data / 'tsdb'}",
        f"--web.listen-address=127.0.0.1:{port}", "--rules.alert.resend-delay=1s",
    ]  # fmt: skip
    with stack.engine(), running(command, stack.data / "prometheus.log"):
        message = wait_for("the message to Slack", lambda: stack.slack_messages("danger"))[0]
        assert message["attachments"][0]["title"] == "Service backend-api is down\n"
        mail = wait_for("the mail", lambda: stack.mailbox.about("[FIRING] HighMemoryUsage"))[0]
        assert mail["To"] == "team@example.com"
        wait_for("both alerts", lambda: both_fire(stack.url("alertmanager")))
        with stack.backend():
            wait_for("the message that all is well", lambda: stack.slack_messages("good"))
