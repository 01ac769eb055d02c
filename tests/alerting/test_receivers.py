"""The receivers beside webhooks, mail, Slack and PagerDuty: what they send, and what they make of answers.

What Alertmanager 0.25 sends for the same is compared in tests/peers.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from engine.alerting.config.receivers import GlobalConfig, Receiver, with_globals
from engine.alerting.errors import DeliveryError
from engine.alerting.kept.store import NEVER
from engine.alerting.notify.outgoing import HttpMessage, cut_bytes
from engine.alerting.receivers import discord, msteams, opsgenie, pushover, sns, telegram, victorops, webex, wechat
from engine.alerting.receivers.discord import DiscordConfig
from engine.alerting.receivers.msteams import MSTeamsConfig
from engine.alerting.receivers.opsgenie import OpsGenieConfig, OpsGenieResponder
from engine.alerting.receivers.pushover import PushoverConfig
from engine.alerting.receivers.sns import SigV4Config, SNSConfig
from engine.alerting.receivers.telegram import TelegramConfig
from engine.alerting.receivers.victorops import VictorOpsConfig
from engine.alerting.receivers.webex import WebexConfig
from engine.alerting.receivers.wechat import WechatConfig
from engine.foundation.values import FilePath, HttpUrl, Secret, SecretUrl
from tests.alerting.test_payloads import ENDED, NAME, rendering

TITLE = f"[FIRING:2] {NAME} (warn)"
ALIAS = rendering().notice.hash


def body(message: HttpMessage) -> Any:
    return json.loads(message.body)


def test_opsgenie_creates_an_alert_and_closes_it_by_its_alias() -> None:
    config = OpsGenieConfig(
        api_key=Secret("k"),
        api_url=HttpUrl("http://o/"),
        details={"n": "{{ len .Alerts }}"},
        responders=(OpsGenieResponder(name="a, b", type="teams"), OpsGenieResponder(id="{{ .Status }}", type="user")),
        tags="x,,y",
    )
    (one,) = opsgenie.render(config, rendering()).messages
    assert (one.method, one.url, one.headers["Authorization"]) == ("POST", "http://o/v2/alerts", "GenieKey k")
    told = body(one)
    assert (told["alias"], told["message"], told["tags"]) == (ALIAS, TITLE, ["x", "y"])
    assert told["details"] == {"alertname": NAME, "severity": "warn", "n": "2"}
    assert told["responders"] == [
        {"name": "a", "type": "team"},
        {"name": " b", "type": "team"},
        {"id": "firing", "type": "user"},
    ]
    assert not {"note", "priority", "entity", "actions"} & set(told)
    (closing,) = opsgenie.render(config, rendering(ENDED)).messages
    assert closing.url == f"http://o/v2/alerts/{ALIAS}/close?identifierType=alias"
    assert list(body(closing)) == ["source"]


@pytest.mark.parametrize(("written", "used"), [("http://o", "http://o/"), ("http://o/a?b=c", "http://o/a/?b=c")])
def test_a_url_that_something_is_put_behind_ends_in_a_slash(written: str, used: str) -> None:
    settings = GlobalConfig(victorops_api_url=HttpUrl(written))
    receiver = Receiver(
        name="r",
        opsgenie_configs=(OpsGenieConfig(api_url=HttpUrl(written)),),
        victorops_configs=(VictorOpsConfig(routing_key="r"),),
        wechat_configs=(WechatConfig(api_url=HttpUrl(written)),),
    )
    done = with_globals(receiver, settings)
    (one,), (two,), (three,) = done.opsgenie_configs, done.victorops_configs, done.wechat_configs
    assert {one.api_url.reveal(), two.api_url.reveal(), three.api_url.reveal()} == {used}


def test_opsgenie_updates_where_that_is_wanted() -> None:
    config = OpsGenieConfig(api_key=Secret("k"), api_url=HttpUrl("http://o/"), update_alerts=True)
    several = opsgenie.render(config, rendering())
    assert [(one.method, urlsplit(one.url).path) for one in several.messages] == [
        ("POST", "/v2/alerts"),
        ("PUT", f"/v2/alerts/{ALIAS}/message"),
        ("PUT", f"/v2/alerts/{ALIAS}/description"),
    ]
    assert several.hosts == (("o", 80),) * 3
    assert "PUT http://o/v2/alerts" in several.payload


@pytest.mark.parametrize(
    ("kind", "ends_at", "said"),
    [("WARNING", NEVER, "WARNING"), ("odd", NEVER, "CRITICAL"), ("INFO", ENDED, "RECOVERY")],
)
def test_victorops_knows_four_types_of_messages(kind: str, ends_at: int, said: str) -> None:
    config = VictorOpsConfig(
        api_key=Secret("k e/y"),
        api_url=HttpUrl("http://v/"),
        routing_key="r o",
        message_type=kind,
        custom_fields={"a": "{{ .Status }}"},
    )
    message = victorops.render(config, rendering(ends_at))
    told = body(message)
    assert (told["message_type"], told["entity_id"], told["a"]) == (
        said,
        ALIAS,
        "firing" if ends_at == NEVER else "resolved",
    )
    assert message.url == "http://v/k%20e/y/r%20o"
    assert list(told) == sorted(told)


def test_pushover_has_its_parameters_in_the_query_and_they_are_no_ones_business() -> None:
    config = PushoverConfig(user_key=Secret("us er"), token=Secret("to&ken"), message=" ", html=True, sound="x")
    message = pushover.render(config, rendering())
    told = dict(parse_qsl(urlsplit(message.url).query, keep_blank_values=True))
    assert (told["token"], told["user"], told["title"], told["message"]) == ("to&ken", "us er", TITLE, "(no details)")
    assert (told["priority"], told["retry"], told["expire"], told["html"], told["sound"]) == (
        "2",
        "60",
        "3600",
        "1",
        "x",
    )
    assert "html" not in dict(parse_qsl(urlsplit(pushover.render(PushoverConfig(), rendering()).url).query))
    assert "title: [FIRING" in message.payload
    for secret in ("to&ken", "to%26ken", "us er", "us+er"):
        assert secret not in message.address + message.payload
    assert message.body == b""


def test_telegram_escapes_html_and_tries_again_whatever_happened() -> None:
    config = TelegramConfig(
        bot_token=Secret("t"), chat_id=-5, api_url=HttpUrl("http://t"), message="<b>{{ .CommonLabels.alertname }}</b>"
    )
    message = telegram.render(config, rendering())
    assert message.url == "http://t/bott/sendMessage"
    assert body(message) == {
        "chat_id": "-5",
        "disable_web_page_preview": "true",
        "parse_mode": "HTML",
        "text": "<b>Disk &lt;Full&gt; &amp; &#34;q&#34;</b>",
    }
    assert message.retry_all
    message.judge(b'{"ok": true}')
    for answer, said in (
        (b'{"ok":false,"description":"chat not found"}', "chat not found"),
        (b"<html>", "can't be read"),
    ):
        with pytest.raises(DeliveryError, match=said) as caught:
            message.judge(answer)
        assert caught.value.retry
    assert message.explain(400, '{"description": "bad"}') == "telegram: bad (400)"


def test_discord_and_teams_show_by_a_color_how_things_are() -> None:
    chat = discord.render(DiscordConfig(webhook_url=SecretUrl("http://d/tok"), message="x" * 5000), rendering())
    (embed,) = body(chat)["embeds"]
    assert (embed["title"], embed["color"], len(embed["description"])) == (TITLE, 10038562, 4096)
    assert chat.address == "http://d/<secret>"
    teams = MSTeamsConfig(webhook_url=SecretUrl("http://m/tok"), text="{{ .Status }}")
    colors = [body(msteams.render(teams, rendering(ends_at)))["themeColor"] for ends_at in (NEVER, ENDED)]
    assert colors == ["8C1A1A", "2DC72D"]
    card = body(msteams.render(MSTeamsConfig(webhook_url=SecretUrl("http://m/tok")), rendering()))
    assert (card["@type"], card["title"], card["summary"]) == ("MessageCard", TITLE, TITLE)
    assert card["text"].startswith("\n# Alerts Firing:\nLabels:\n  - alertname = ")


def test_webex_counts_bytes() -> None:
    config = WebexConfig(room_id="r", api_url=HttpUrl("http://w"), message="é" * 4000)
    told = body(webex.render(config, rendering()))
    assert told["roomId"] == "r"
    assert len(told["markdown"].encode()) == 7439
    assert told["markdown"].endswith("é…")
    assert cut_bytes("short", 10) == "short"


def sns_message(**more: Any) -> dict[str, str]:
    keys = SigV4Config(region="eu-west-1", access_key="a", secret_key=Secret("b"))
    message = sns.render(SNSConfig(sigv4=keys, **more), rendering())
    assert message.headers["Authorization"].startswith("AWS4-HMAC-SHA256 Credential=a/19700101/eu-west-1/sns/")
    return dict(parse_qsl(message.body.decode(), keep_blank_values=True))


def test_sns_asks_for_what_it_is_told() -> None:
    told = sns_message(topic_arn="arn:x.fifo", attributes={"k": "{{ .Status }}"}, message="m")
    assert told == {
        "Action": "Publish",
        "Version": "2010-03-31",
        "TopicArn": "arn:x.fifo",
        "MessageDeduplicationId": ALIAS,
        "MessageGroupId": ALIAS,
        "Message": "m",
        "Subject": TITLE,
        "MessageAttributes.entry.1.Name": "k",
        "MessageAttributes.entry.1.Value.DataType": "String",
        "MessageAttributes.entry.1.Value.StringValue": "firing",
    }
    cut = sns_message(phone_number="+1", message="é" * 1000)
    assert len(cut["Message"].encode()) == 1600
    assert cut["MessageAttributes.entry.1.Name"] == "truncated"


def test_wechat_sends_with_a_token_that_it_fetches_first() -> None:
    config = WechatConfig(
        api_secret=Secret("s ecret"), corp_id="c", api_url=HttpUrl("http://w/"), message="m", to_user="u"
    )
    following = wechat.render(config, rendering())
    assert following.first.url == "http://w/gettoken?corpid=c&corpsecret=s+ecret"
    message = following.then(b'{"access_token": "t ok"}')
    assert message.url == "http://w/message/send?access_token=t+ok"
    assert body(message) == {
        "text": {"content": "m"}, "touser": "u", "safe": "0", "msgtype": "text", "markdown": {"content": ""},
    }  # fmt: skip
    with pytest.raises(DeliveryError, match="invalid APISecret for CorpID: c"):
        following.then(b'{"errcode": 40013}')
    for answer, retry in ((b'{"errcode":42001,"errmsg":"expired"}', True), (b'{"errcode":1,"errmsg":"no"}', False)):
        with pytest.raises(DeliveryError) as caught:
            message.judge(answer)
        assert caught.value.retry is retry
    assert "s ecret" not in following.address + following.first.address
    assert "s+ecret" not in following.address + following.first.address
    assert '"touser":"u"' in following.payload


@pytest.mark.parametrize(
    "url", ["https://w.example.com/hooks/1/token", "https://w.example.com/hooks/1/token?thread_id=7"]
)
def test_the_token_in_a_webhooks_url_is_never_shown(url: str) -> None:
    for message in (
        discord.render(DiscordConfig(webhook_url=SecretUrl(url)), rendering()),
        msteams.render(MSTeamsConfig(webhook_url=SecretUrl(url)), rendering()),
    ):
        assert "token" not in message.address
        assert "token" not in message.payload


@pytest.mark.parametrize("held", ["just-a-token", "", "http://[::1"])
def test_a_file_that_holds_no_url_is_named_and_not_shown(held: str, tmp_path: Path) -> None:
    file = tmp_path / "url"
    file.write_text(held)
    with pytest.raises(DeliveryError, match="holds no URL") as caught:
        msteams.render(MSTeamsConfig(webhook_url_file=FilePath(file)), rendering())
    assert str(file) in str(caught.value)
    assert not held or held not in str(caught.value)


def test_sns_tells_of_a_template_that_gives_no_url() -> None:
    config = SNSConfig(
        sigv4=SigV4Config(region="r", access_key="a", secret_key=Secret("b")),
        topic_arn="t",
        api_url='{{ print "http://[::1" }}',
    )
    with pytest.raises(DeliveryError, match="api_url: "):
        sns.render(config, rendering())
