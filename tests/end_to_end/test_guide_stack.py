"""The whole path on the guide's own files: scrape, rule, route, group, notify, resolve."""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tests.end_to_end.processes import ENGINE, Received, fetch, fetch_json, free_port, running, wait_for, webhook_server


class Mailbox:
    """What the local SMTP server took."""

    def __init__(self) -> None:
        self.messages: list[EmailMessage] = []

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        message = message_from_bytes(bytes(envelope.content or b""), policy=policy.default)
        assert isinstance(message, EmailMessage)
        self.messages.append(message)
        return "250 OK"

    def about(self, subject: str) -> list[EmailMessage]:
        return [m for m in self.messages if subject in str(m["Subject"])]


def check_login(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
    good = isinstance(data, LoginPassword) and (data.login, data.password) == (b"alerts@example.com", b"your_password")
    return AuthResult(success=good)


@dataclass
class Stack:
    folder: Path
    prometheus: str
    alertmanager: str
    backend_port: int
    slack: Received
    mailbox: Mailbox

    @property
    def rules(self) -> Path:
        return self.folder / "prometheus" / "rules" / "alerts.yml"

    def alert_state(self, name: str, **labels: str) -> str | None:
        alerts = fetch_json(f"{self.prometheus}/api/v1/alerts")["data"]["alerts"]
        wanted = {"alertname": name, **labels}
        return next((a["state"] for a in alerts if wanted.items() <= a["labels"].items()), None)


def rewrite(path: Path, *changes: tuple[str, str]) -> None:
    text = path.read_text()
    for pattern, replacement in changes:
        text, count = re.subn(pattern, replacement, text)
        assert count, f"{pattern} is not in {path.name}"
    path.write_text(text)


@pytest.fixture
def stack(guide: Path, tmp_path: Path) -> Iterator[Stack]:
    folder = tmp_path / "monorepo"
    shutil.copytree(guide / "monorepo", folder)
    ports = {name: free_port() for name in ("prometheus", "alertmanager", "node", "backend")}
    mailbox = Mailbox()
    with ExitStack() as parts:
        slack_url, slack = parts.enter_context(webhook_server())
        smtp = Controller(
            mailbox, hostname="127.0.0.1", port=0, authenticator=check_login, auth_require_tls=False, auth_required=True
        )
        smtp.port = free_port()
        smtp.start()
        parts.callback(smtp.stop)
        rewrite(
            folder / "prometheus" / "prometheus.yml",
            (r"_interval: 15s", "_interval: 1s"),
            (r"scrape_timeout: 10s", "scrape_timeout: 1s"),
            (r"backend-api:9999", f"backend-api:{ports['backend']}"),
        )
        rewrite(
            folder / "prometheus" / "rules" / "alerts.yml",
            (r"for: [15]m", "for: 2s"),
            (r"\* 100 > 85", "* 100 > 0"),
        )
        rewrite(
            folder / "alertmanager" / "config.yml",
            (r"group_wait: 30s", "group_wait: 1s"),
            (r"group_interval: 5m", "group_interval: 1s"),
            (r"https://hooks\.slack\.com", slack_url),
            (r"smtp\.example\.com:587", f"127.0.0.1:{smtp.port}"),
            (r"smtp_require_tls: true", "smtp_require_tls: false"),
            (r"\nreceivers:", "\ntemplates: ['/etc/alertmanager/templates/*.tmpl']\n\nreceivers:"),
        )
        command = [
            *ENGINE, "run", "--config", str(folder / "prometheus" / "prometheus.yml"),
            "--data-dir", str(tmp_path / "data"), "--web.enable-lifecycle", "--rules.alert.resend-delay", "1s",
            *(f"--listen={name}=127.0.0.1:{ports[name]}" for name in ("prometheus", "alertmanager", "node")),
        ]  # fmt: skip
        parts.enter_context(running(command, tmp_path / "engine.log"))
        made = Stack(
            folder,
            f"http://127.0.0.1:{ports['prometheus']}",
            f"http://127.0.0.1:{ports['alertmanager']}",
            ports["backend"],
            slack,
            mailbox,
        )
        try:
            wait_for("the engine to be ready", lambda: fetch(f"{made.prometheus}/-/ready"))
            yield made
        finally:
            print((tmp_path / "engine.log").read_text())


def backend(stack: Stack, log: Path) -> Any:
    return running([sys.executable, str(Path(__file__).with_name("backend_api.py")), str(stack.backend_port)], log)


def html_of(message: EmailMessage) -> str:
    part = message.get_body(("html",))
    assert part is not None
    return str(part.get_content())


def test_a_killed_service_is_told_to_the_pager_alone_and_so_is_its_return(stack: Stack, tmp_path: Path) -> None:
    with backend(stack, tmp_path / "backend.log") as process:
        wait_for("a sample of the application", lambda: up(stack) == "1")
        process.kill()
        process.wait()
        wait_for("ServiceDown to be pending", lambda: stack.alert_state("ServiceDown", job="backend-api") == "pending")
        wait_for("ServiceDown to be firing", lambda: stack.alert_state("ServiceDown", job="backend-api") == "firing")
    message = wait_for("the message to Slack", lambda: slack_messages(stack, "danger"))[0]
    assert message["channel"] == "#alerts"
    assert message["icon_emoji"] == ":rotating_light:"
    attachment = message["attachments"][0]
    assert attachment["title"] == "Service backend-api is down\n"
    assert attachment["text"] == "Service backend-api has been down for more than 1 minute.\n"
    with backend(stack, tmp_path / "backend-again.log"):
        resolved = wait_for("the message that all is well", lambda: slack_messages(stack, "good"))[0]
    assert resolved["attachments"][0]["title"] == "Service backend-api is down\n"
    assert not stack.mailbox.about("ServiceDown")


def up(stack: Stack) -> str | None:
    result = fetch_json(f"{stack.prometheus}/api/v1/query", query='up{job="backend-api"}')["data"]["result"]
    return result[0]["value"][1] if result else None


def slack_messages(stack: Stack, color: str) -> list[Any]:
    posts = [post for _, post in stack.slack.posts]
    return [p for p in posts if p["attachments"][0]["color"] == color and "backend-api" in p["attachments"][0]["title"]]


def test_a_warning_reaches_the_mailbox_through_the_guides_template_and_so_does_its_end(stack: Stack) -> None:
    firing = wait_for("the mail", lambda: stack.mailbox.about("HighMemoryUsage"))[0]
    assert firing["Subject"] == "[FIRING] HighMemoryUsage"
    assert firing["To"] == "team@example.com"
    assert firing["From"] == "alertmanager@example.com"
    body = html_of(firing)
    assert "<h1>HighMemoryUsage</h1>" in body
    assert "<strong>Status:</strong> FIRING" in body
    assert "on node-exporter:9100" in body

    rewrite(stack.rules, (r"\* 100 > 0", "* 100 > 100"))
    fetch(f"{stack.prometheus}/-/reload", method="POST")
    resolved = wait_for("the second mail", lambda: stack.mailbox.about("[RESOLVED] HighMemoryUsage"))[0]
    assert "<strong>Status:</strong> RESOLVED" in html_of(resolved)
    assert not any("HighMemoryUsage" in str(post) for _, post in stack.slack.posts)
