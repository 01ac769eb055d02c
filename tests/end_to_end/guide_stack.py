"""The guide's files in a copy whose addresses, intervals and thresholds suit a test, and servers that listen for them."""

from __future__ import annotations

import json
import re
import shutil
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from subprocess import Popen
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from engine.app.options import DEFAULT_PORTS
from tests.end_to_end.processes import (
    ENGINE,
    Received,
    fetch,
    fetch_json,
    free_port,
    running,
    wait_for,
    webhook_server,
)

COMPONENTS = ("prometheus", "alertmanager", "node")


class Mailbox:
    """What the local SMTP server took."""

    def __init__(self) -> None:
        self.messages: list[EmailMessage] = []

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if not session.authenticated:
            return "530 5.7.0 Authentication required"
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
    """The copy, the ports that its programs are to use, and what its receivers got."""

    folder: Path
    data: Path
    ports: dict[str, int]
    slack: Received
    mailbox: Mailbox

    def url(self, component: str) -> str:
        return f"http://127.0.0.1:{self.ports[component]}"

    @property
    def rules(self) -> Path:
        return self.folder / "prometheus" / "rules" / "alerts.yml"

    def alert_state(self, name: str, **labels: str) -> str | None:
        alerts = fetch_json(f"{self.url('prometheus')}/api/v1/alerts")["data"]["alerts"]
        wanted = {"alertname": name, **labels}
        return next((a["state"] for a in alerts if wanted.items() <= a["labels"].items()), None)

    def value(self, query: str) -> str | None:
        result = fetch_json(f"{self.url('prometheus')}/api/v1/query", query=query)["data"]["result"]
        return result[0]["value"][1] if result else None

    def slack_messages(self, color: str) -> list[Any]:
        attachments = [(post, post["attachments"][0]) for _, post in self.slack.posts]
        return [post for post, a in attachments if a["color"] == color and "backend-api" in a["title"]]

    def groups(self, receiver: str) -> list[Any]:
        return list(fetch_json(f"{self.url('alertmanager')}/api/v2/alerts/groups", receiver=receiver))

    def journaled(self, receiver: str, label: str) -> bool:
        """Whether the journal on disk says that the receiver was told of a group with this label."""
        lines = (self.data / "engine" / "alertmanager" / "journal.jsonl").read_text().splitlines()[1:]
        keys = [json.loads(line)["key"] for line in lines]
        return any(label in group and receiver == name for group, name, *_ in keys)

    @contextmanager
    def engine(self, *flags: str) -> Iterator[Popen[bytes]]:
        command = [
            *ENGINE, "run", "--config", str(self.folder / "prometheus" / "prometheus.yml"),
            "--data-dir", str(self.data / "engine"), "--web.enable-lifecycle", "--rules.alert.resend-delay", "1s",
            *(f"--listen={name}=127.0.0.1:{self.ports.get(name, 0)}" for name in DEFAULT_PORTS), *flags,
        ]  # fmt: skip
        log = self.data / "engine.log"
        try:
            with running(command, log) as process:
                wait_for("the engine to be ready", lambda: fetch(f"{self.url('prometheus')}/-/ready"))
                yield process
        finally:
            print(log.read_text())

    def backend(self) -> Any:
        """The application, as a context that gives its process."""
        script = Path(__file__).with_name("backend_api.py")
        return running([sys.executable, str(script), str(self.ports["backend"])], self.data / "backend.log")


def rewrite(path: Path, *changes: tuple[str, str]) -> None:
    """Change a file by (pattern, replacement); each pattern must be there."""
    text = path.read_text()
    for pattern, replacement in changes:
        text, count = re.subn(pattern, replacement, text)
        assert count, f"{pattern} is not in {path.name}"
    path.write_text(text)


@contextmanager
def guide_stack(guide: Path, tmp_path: Path) -> Iterator[Stack]:
    folder = tmp_path / "monorepo"
    shutil.copytree(guide / "monorepo", folder)
    ports = {name: free_port() for name in (*COMPONENTS, "backend", "smtp")}
    mailbox = Mailbox()
    with ExitStack() as parts:
        slack_url, slack = parts.enter_context(webhook_server())
        smtp = Controller(
            mailbox,
            hostname="127.0.0.1",
            port=ports["smtp"],
            authenticator=check_login,
            auth_require_tls=False,
            auth_exclude_mechanism=["LOGIN"],  # whose prompts Alertmanager does not understand
        )
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
            (r"smtp\.example\.com:587", f"127.0.0.1:{ports['smtp']}"),
            (r"smtp_require_tls: true", "smtp_require_tls: false"),
            (r"\nreceivers:", "\ntemplates: ['/etc/alertmanager/templates/*.tmpl']\n\nreceivers:"),
        )
        yield Stack(folder, tmp_path, ports, slack, mailbox)
