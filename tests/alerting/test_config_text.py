from __future__ import annotations

import yaml

from engine.alerting.config.text import config_text
from engine.alerting.matching.grammar import Grammar
from engine.config.alertmanager import parse_alertmanager
from tests.alerting.world import parsed

CONFIG = """
global: {smtp_from: me@example.com, smtp_smarthost: 'mail:25', smtp_auth_password: pa55, http_config: {bearer_token: t0ken}}
route:
  receiver: team
  routes: [{match_re: {a: b.*}, matchers: ['c="d"'], group_wait: 90s, continue: true}]
receivers:
- name: team
  webhook_configs: [{url: 'http://u:pa55@example.com/x?t=t0ken'}]
  email_configs: [{to: '1.10'}]
  slack_configs: [{api_url: 'http://example.com/t0ken', fields: [{title: a, value: "yes", short: false}]}]
"""


def test_defaults_are_written_out_and_secrets_are_not() -> None:
    text = config_text(parsed(CONFIG), Grammar.BOTH)
    shown = yaml.safe_load(text)
    for secret in ("pa55", "t0ken"):
        assert secret not in text
    assert shown["global"]["resolve_timeout"] == "5m"
    assert shown["global"]["smtp_auth_password"] == "<secret>"
    assert shown["route"]["routes"] == [
        {"match_re": {"a": "b.*"}, "matchers": ['c="d"'], "continue": True, "group_wait": "1m30s"}
    ]
    team = shown["receivers"][0]
    assert team["webhook_configs"][0]["url"] == "http://u:<secret>@example.com/x?t=<secret>"
    assert (team["email_configs"][0]["to"], team["email_configs"][0]["smarthost"]) == ("1.10", "mail:25")
    assert team["slack_configs"][0]["fields"] == [{"title": "a", "value": "yes", "short": False}]
    assert shown["templates"] == []


def test_keys_that_only_this_engine_knows_are_left_out() -> None:
    text = config_text(parsed(CONFIG.replace("bearer_token: t0ken", "idle_conn_timeout: 5m")), Grammar.BOTH)
    assert "idle_conn_timeout" not in text


def test_what_is_shown_can_be_loaded_again() -> None:
    text = config_text(parsed(CONFIG), Grammar.BOTH)
    again = parse_alertmanager(text)
    assert [finding for finding in again.findings if finding.severity.value == "error"] == []
    assert config_text(again.value, Grammar.BOTH) == text
