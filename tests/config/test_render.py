"""A config in force, written again: it loads to the same config, and shows no secret."""

from __future__ import annotations

from pathlib import Path

from engine.config.alertmanager import parse_alertmanager
from engine.config.prometheus import parse_prometheus
from engine.foundation.encode import encode


def test_the_guides_configs_render_to_themselves(guide: Path) -> None:
    config = parse_prometheus((guide / "monorepo" / "prometheus" / "prometheus.yml").read_bytes()).value
    assert parse_prometheus(encode(config)).value == config


def test_secrets_are_not_shown(conformance: Path) -> None:
    good = (conformance / "alertmanager" / "config" / "conf.good.yml").read_bytes()
    assert "mysecret" not in encode(parse_alertmanager(good).value)
    full = (conformance / "prometheus" / "config" / "conf.good.yml").read_bytes()
    text = encode(parse_prometheus(full).value)
    assert "mysecret" not in text
    assert "<secret>" in text


def test_texts_are_quoted_where_they_would_be_read_as_something_else() -> None:
    text = 'global: {external_labels: {a: "1.10", b: "yes", c: "x: y", y: "", d: "a\\nb", e: plain}}'
    config = parse_prometheus(text).value
    shown = encode(config)
    assert (
        '    a: "1.10"\n    b: "yes"\n    c: \'x: y\'\n    d: |-\n      a\n      b\n    e: plain\n    "y": ""\n'
        in shown
    )
    assert parse_prometheus(shown).value == config


def test_what_only_this_engine_knows_is_shown_when_it_is_used() -> None:
    plain = parse_alertmanager("route: {receiver: a}\nreceivers: [{name: a}]").value
    assert "idle_conn" not in encode(plain)
    used = "global: {http_config: {idle_conn_timeout: 90s}}\nroute: {receiver: a}\nreceivers: [{name: a}]"
    assert "    idle_conn_timeout: 1m30s\n" in encode(parse_alertmanager(used).value)
