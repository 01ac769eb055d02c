"""What every receiver of Alertmanager 0.25 is sent, request by request, beside what we send for the same config."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl

import pytest
from aiohttp import web

from tests.peers.test_alertmanager import at, eventually, listening
from tests.peers.test_alertmanager import ours as our_side
from tests.peers.test_alertmanager import theirs as their_side

pytestmark = pytest.mark.peer

CONFIG = """
global:
  opsgenie_api_url: '{hook}/opsgenie'
  opsgenie_api_key: 'k/e y'
  victorops_api_url: '{hook}/victorops'
  victorops_api_key: 'v k'
  telegram_api_url: '{hook}/telegram'
  wechat_api_url: '{hook}/wechat'
  webex_api_url: '{hook}/webex'
route: {{receiver: all, group_by: [alertname], group_wait: 0s, group_interval: 1s, repeat_interval: 1h}}
receivers:
- name: all
  opsgenie_configs:
  - {{}}
  - message: '{{{{ range .Alerts }}}}{long}{{{{ end }}}}'
    details: {{who: '{{{{ .CommonLabels.host }}}}', alertname: other}}
    responders: [{{name: 'a, b,,c', type: teams}}, {{id: x, type: user}}, {{username: '{{{{ .Status }}}}', type: '{{{{ print "user" }}}}'}}]
    tags: ' one, two,,three '
    note: n
    priority: P1
    entity: <e>
    actions: x,y
    update_alerts: true
  victorops_configs:
  - {{routing_key: 'r/o u'}}
  - {{routing_key: t, message_type: WARNING, state_message: '{{{{ range .Alerts }}}}{longer}{{{{ end }}}}', custom_fields: {{b: '{{{{ .Status }}}}', a: x}}}}
  - {{routing_key: t, message_type: odd, api_key: own}}
  telegram_configs:
  - {{bot_token: 'to:ken', chat_id: -100}}
  - {{bot_token: t, chat_id: 5, parse_mode: '', disable_notifications: true, message: '<{{{{ .Status }}}}>{long}{long}{long}{long}{long}{long}{long}{long}{long}{long}{long}{long}{long}{long}{long}{long}{long}{long}{long}{long}{long}'}}
  - {{bot_token: t, chat_id: 6, message: '<b>{{{{ (index .Alerts 0).Annotations.summary }}}}</b>'}}
  wechat_configs:
  - {{api_secret: 'se cret', corp_id: c, to_user: '@all', send_resolved: true}}
  - {{api_secret: s, corp_id: c, message_type: markdown, agent_id: '7', to_party: p, to_tag: t, send_resolved: true}}
  discord_configs:
  - {{webhook_url: '{hook}/discord/one'}}
  - {{webhook_url: '{hook}/discord/two', title: '{long}', message: '{long}{long}'}}
  webex_configs:
  - {{room_id: room, http_config: {{authorization: {{credentials: cred}}}}}}
  - {{room_id: long, message: '{longer}', http_config: {{authorization: {{credentials: cred}}}}}}
  slack_configs:
  - api_url: '{hook}/slack'
    send_resolved: true
    title_link: link
    fallback: fallback
    fields: [{{title: empty, value: '{{{{ "" }}}}'}}, {{title: filled, value: v, short: false}}]
    actions:
    - {{type: button, text: both, url: 'http://u', name: n, value: v, confirm: {{text: sure}}}}
    - {{type: button, text: name, name: n, value: v, confirm: {{text: sure}}}}
  sns_configs:
  - {{api_url: '{hook}/sns/', topic_arn: 'arn:aws:sns:eu-west-1:123:t', sigv4: {{region: eu-west-1, access_key: a, secret_key: b}}, attributes: {{k2: v, k1: '{{{{ .Status }}}}'}}}}
  - {{api_url: '{hook}/sns/', phone_number: '+49', subject: '', message: '{longer}', sigv4: {{region: eu-west-1, access_key: a, secret_key: b}}}}
"""
LONG, LONGER = "äöü€ 1234567890 " * 13, "€ <long> " * 2400
WRITTEN = CONFIG.replace("{longer}", LONGER).replace("{long}", LONG)
FIRING, RESOLVED = 21, 17
"""So many requests: an update of OpsGenie's is three, and WeChat's first one needs a token before it."""
SHOWN = ("Content-Type", "Authorization")


@dataclass(frozen=True)
class Asked:
    """A request, without what may differ: the signature's time."""

    method: str
    path: str
    headers: tuple[str, ...]
    body: bytes | tuple[tuple[str, str], ...]


async def shown(request: web.Request) -> Asked:
    body: bytes | tuple[tuple[str, str], ...] = await request.read()
    headers = [request.headers.get(name, "") for name in SHOWN]
    if "/sns/" in request.path:
        assert isinstance(body, bytes)
        body = tuple(sorted(parse_qsl(body.decode(), keep_blank_values=True)))
        signed = re.match(r"AWS4-HMAC-SHA256 Credential=a/\d{8}/eu-west-1/sns/aws4_request, SignedHeaders=", headers[1])
        headers = [headers[0], signed[0][:26] if signed else "unsigned"]
    return Asked(request.method, request.raw_path, tuple(headers), body)


@asynccontextmanager
async def services() -> AsyncIterator[tuple[str, dict[str, list[Asked]]]]:
    """All that receivers talk to, at one address; what each was asked, by the first part of its path."""
    heard: dict[str, list[Asked]] = {}

    async def take(request: web.Request) -> web.Response:
        heard.setdefault(request.path.split("/")[1], []).append(await shown(request))
        if request.path.endswith("/gettoken"):
            return web.json_response({"access_token": "tok en"})
        if request.path.startswith("/telegram"):
            return web.json_response({"ok": True, "result": {"message_id": 1, "chat": {"id": 1}}})
        if request.path.startswith("/sns"):
            done = '<PublishResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><PublishResult></PublishResult></PublishResponse>'
            return web.Response(text=done, content_type="text/xml")
        return web.json_response({"errcode": 0})

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", take)
    async with listening(app) as url:
        yield url, heard


def summed(heard: dict[str, list[Asked]]) -> dict[str, list[Asked]]:
    """In an order of its own: receivers are told side by side."""
    return {name: sorted(asked, key=repr) for name, asked in heard.items()}


def report(started: str, ended: str) -> dict[str, object]:
    return {
        "labels": {"alertname": "Disk <Full>", "host": "é", "severity": "warn"},
        "annotations": {"summary": "<s> & 'more'"},
        "startsAt": started,
        "endsAt": ended,
        "generatorURL": "http://p/graph?a=1&b=2",
    }


async def test_every_receiver_is_asked_the_same_by_both(tmp_path: Path) -> None:
    for name in ("ours", "theirs"):
        (tmp_path / name).mkdir()
    async with services() as (mine_url, mine), services() as (other_url, other):
        async with (
            our_side(tmp_path / "ours", WRITTEN.replace("{hook}", mine_url)) as ours,
            their_side(tmp_path / "theirs", WRITTEN.replace("{hook}", other_url)) as theirs,
        ):
            started = at(-5)
            for count, ended in ((FIRING, "2035-01-01T00:00:00Z"), (FIRING + RESOLVED, "")):
                for side in (ours, theirs):
                    assert await side.ask("POST", "alerts", [report(started, ended or at(-1))]) == (200, "")

                async def told(count: int = count) -> bool:
                    return all(sum(map(len, heard.values())) >= count for heard in (mine, other))

                await eventually(f"{count} requests", told)
        mine_told, other_told = summed(mine), summed(other)
    assert sorted(mine_told) == sorted(other_told)
    assert {name: asked for name, asked in mine_told.items() if asked != other_told[name]} == {}
    assert len(mine_told) == 8
