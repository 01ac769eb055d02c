"""Configurations that are nearly right: good ones of the originals, with a few random changes."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

NOT_IN_DEBIAN = (  # discovery that Debian's build leaves out: its promtool calls these keys unknown
    "kubernetes_sd_configs", "consul_sd_configs", "kuma_sd_configs", "nomad_sd_configs", "linode_sd_configs",
)  # fmt: skip
BASES = (
    "conf.good.yml", "conf.good.yml", "conf.good.yml", "roundtrip.good.yml", "external_labels.good.yml",
    "remote_write_retry_on_rate_limit.good.yml", "scrape_interval_larger.good.yml", "global_timeout.good.yml",
)  # fmt: skip
SCALARS = (
    "", "~", "null", "true", "yes", "0", "-1", "1", "1.5", "15", "5s", "1h30m", "1.5m", "10s5", "abc", "a-b", "a b", "$1",
    "(", ".*", "http://x", "https://x/y", "ftp://x", "//x", ":x", "x:9090", "/a/b.yml", "*.yml", "a/*/b.json", "é", "1KB",
    "10MiB", "keep", "replace", "hashmod", "Bearer", "basic", "__meta_x", "labelmap", "0x10", "1_000", "2001-01-01",
)  # fmt: skip
ALERTMANAGERS_SCALARS = (
    *SCALARS,
    "a", "...", "a=b", "a=~(", "{a=b,c!~d}", "09:00", "9:00", "25:00", "1:5", "5:1", "-3:-1", "monday", "may:june", "13", "32", "UTC", "Local",
    "a:25", ":25", "HTML", "html", "team", "<secret>", "{{ .X }}", "{{",
)  # fmt: skip
ALERTMANAGER = """
global:
  resolve_timeout: 5m
  smtp_from: a@example.com
  smtp_smarthost: 'localhost:25'
  smtp_require_tls: false
  slack_api_url: 'http://localhost/x'
  opsgenie_api_key: k
  victorops_api_key: k
  wechat_api_secret: s
  wechat_api_corp_id: c
  http_config: {follow_redirects: false, tls_config: {insecure_skip_verify: true, min_version: TLS12}}
route:
  receiver: a
  group_by: ['alertname', cluster]
  group_wait: 10s
  group_interval: 1m
  repeat_interval: 1h30m
  routes:
  - {match: {a: b, c: d}, match_re: {e: 'f|g'}, matchers: ['h="i"', 'j!~k.*'], receiver: b, continue: true, mute_time_intervals: [nights]}
  - {receiver: c, group_by: ['...'], active_time_intervals: [days], routes: [{matchers: [x=y], receiver: d}]}
inhibit_rules:
- {source_match: {a: b}, target_match_re: {c: d.*}, equal: [alertname, host]}
- {source_matchers: ['a=~b|c', d!=e], target_matchers: [f=g]}
mute_time_intervals:
- {name: nights, time_intervals: [{times: [{start_time: '22:00', end_time: '24:00'}, {start_time: '00:00', end_time: '06:30'}]}]}
time_intervals:
- {name: days, time_intervals: [{weekdays: ['monday:friday', sunday], days_of_month: ['1:5', '-3:-1'], months: ['1:3', may], years: ['2020:2030', '2040'], location: 'Europe/Berlin'}]}
templates: ['/nowhere/*.tmpl', relative.tmpl]
receivers:
- name: a
  webhook_configs: [{url: 'http://localhost/', max_alerts: 3, send_resolved: false, http_config: {basic_auth: {username: u, password: p}}}]
  email_configs: [{to: 'b@example.com', headers: {Subject: s, X: y}, html: h, text: t, require_tls: true, auth_username: u, auth_password: p}]
- name: b
  pagerduty_configs: [{routing_key: k, severity: s, details: {a: b}, images: [{src: s, alt: a, href: h}], links: [{href: h, text: t}]}, {service_key: k}]
  slack_configs: [{channel: '#c', fields: [{title: t, value: v, short: true}], actions: [{type: button, text: x, url: 'http://x/', style: s, confirm: {text: t, title: u}}], mrkdwn_in: [text], link_names: true}]
  opsgenie_configs: [{responders: [{id: i, type: team}, {username: u, type: user}], tags: a, details: {x: y}, update_alerts: true}]
- name: c
  victorops_configs: [{routing_key: r, custom_fields: {a: b}}]
  pushover_configs: [{user_key: u, token: t, retry: 1m, expire: 1h, priority: '1', html: true}]
  telegram_configs: [{bot_token: t, chat_id: -100, parse_mode: HTML, disable_notifications: true}]
- name: d
  sns_configs: [{api_url: 'http://x/', topic_arn: t, sigv4: {region: r, access_key: a, secret_key: b}, attributes: {a: b}}]
  wechat_configs: [{to_user: u, message_type: markdown, agent_id: '1'}]
  discord_configs: [{webhook_url: 'http://x/'}]
  webex_configs: [{room_id: r, http_config: {authorization: {credentials: c}}}]
"""


class Chance(random.Random):
    """The same choices for the same seed, with the scalars to choose from."""

    def __init__(self, seed: int, scalars: tuple[str, ...] = SCALARS) -> None:
        super().__init__(seed)
        self.scalars = scalars


def mutant(folder: Path, seed: int) -> str:
    """The text of one of Prometheus; the same one for the same seed."""
    chance = Chance(seed)
    root = _composed((folder / chance.choice(BASES)).read_text())
    _shorten(root, chance)
    return _changed(root, chance)


def alertmanager_mutant(folder: Path, seed: int) -> str:
    """Likewise one of Alertmanager."""
    chance = Chance(seed, ALERTMANAGERS_SCALARS)
    file = chance.choice(["", *(file.name for file in sorted(folder.iterdir()) if "good" in file.name)])
    return _changed(_composed((folder / file).read_text() if file else ALERTMANAGER), chance)


def _composed(text: str) -> MappingNode:
    root = yaml.compose(text)
    assert isinstance(root, MappingNode)
    return root


def _changed(root: MappingNode, chance: Chance) -> str:
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        chance.choice(_CHANGES)(root, chance)
    return yaml.serialize(root, allow_unicode=True)


def _shorten(root: MappingNode, chance: Chance) -> None:
    """Few jobs, and none that Debian's build does not know."""
    for key, value in root.value:
        if key.value == "scrape_configs":
            jobs = [job for job in value.value if not any(k.value in NOT_IN_DEBIAN for k, _ in job.value)]
            value.value = chance.sample(jobs, min(len(jobs), 3))


def _all(node: Node) -> Iterator[Node]:
    yield node
    if isinstance(node, MappingNode):
        for _, value in node.value:
            yield from _all(value)
    elif isinstance(node, SequenceNode):
        for item in node.value:
            yield from _all(item)


def _pick(root: Node, kind: type[Node], chance: Chance) -> Node | None:
    found = [node for node in _all(root) if isinstance(node, kind) and node.value]
    return chance.choice(found) if found else None


def _scalar(chance: Chance) -> ScalarNode:
    text = chance.choice(chance.scalars)
    tag = "tag:yaml.org,2002:null" if text in ("~", "null") else "tag:yaml.org,2002:str"
    return ScalarNode(tag, text, style=None if chance.random() < 0.7 else '"')


def _change_value(root: MappingNode, chance: Chance) -> None:
    if (node := _pick(root, MappingNode, chance)) is not None:
        place = chance.randrange(len(node.value))
        node.value[place] = (node.value[place][0], _scalar(chance))


def _change_item(root: MappingNode, chance: Chance) -> None:
    if (node := _pick(root, SequenceNode, chance)) is not None:
        node.value[chance.randrange(len(node.value))] = _scalar(chance)


def _drop_key(root: MappingNode, chance: Chance) -> None:
    if (node := _pick(root, MappingNode, chance)) is not None:
        del node.value[chance.randrange(len(node.value))]


def _repeat_key(root: MappingNode, chance: Chance) -> None:
    if (node := _pick(root, MappingNode, chance)) is not None:
        node.value.append(chance.choice(node.value))


def _misspell(root: MappingNode, chance: Chance) -> None:
    if (node := _pick(root, MappingNode, chance)) is not None:
        place = chance.randrange(len(node.value))
        key, value = node.value[place]
        node.value[place] = (ScalarNode(key.tag, str(key.value) + chance.choice("sx_"), style=key.style), value)


def _exchange(root: MappingNode, chance: Chance) -> None:
    """The values of two keys, wherever they are."""
    one, other = _pick(root, MappingNode, chance), _pick(root, MappingNode, chance)
    if one is not None and other is not None and one is not root and other is not root:
        here, there = chance.randrange(len(one.value)), chance.randrange(len(other.value))
        key, value = one.value[here]
        other_key, other_value = other.value[there]
        if not isinstance(value, MappingNode | SequenceNode) and not isinstance(
            other_value, MappingNode | SequenceNode
        ):
            one.value[here], other.value[there] = (key, other_value), (other_key, value)


def _wrap(root: MappingNode, chance: Chance) -> None:
    """A scalar becomes a list of one, or a list its first item."""
    if (node := _pick(root, MappingNode, chance)) is not None:
        place = chance.randrange(len(node.value))
        key, value = node.value[place]
        if isinstance(value, SequenceNode) and value.value:
            node.value[place] = (key, value.value[0])
        elif isinstance(value, ScalarNode):
            node.value[place] = (key, SequenceNode("tag:yaml.org,2002:seq", [value], flow_style=True))


_CHANGES = (
    _change_value, _change_value, _change_value, _change_item, _drop_key, _drop_key, _repeat_key, _misspell, _exchange,
    _exchange, _wrap,
)  # fmt: skip
