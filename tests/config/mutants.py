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


def mutant(folder: Path, seed: int) -> str:
    """The text of one; the same one for the same seed."""
    chance = random.Random(seed)
    root = yaml.compose((folder / chance.choice(BASES)).read_text())
    assert isinstance(root, MappingNode)
    _shorten(root, chance)
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        chance.choice(_CHANGES)(root, chance)
    return yaml.serialize(root, allow_unicode=True)


def _shorten(root: MappingNode, chance: random.Random) -> None:
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


def _pick(root: Node, kind: type[Node], chance: random.Random) -> Node | None:
    found = [node for node in _all(root) if isinstance(node, kind) and node.value]
    return chance.choice(found) if found else None


def _scalar(chance: random.Random) -> ScalarNode:
    text = chance.choice(SCALARS)
    tag = "tag:yaml.org,2002:null" if text in ("~", "null") else "tag:yaml.org,2002:str"
    return ScalarNode(tag, text, style=None if chance.random() < 0.7 else '"')


def _change_value(root: MappingNode, chance: random.Random) -> None:
    if (node := _pick(root, MappingNode, chance)) is not None:
        place = chance.randrange(len(node.value))
        node.value[place] = (node.value[place][0], _scalar(chance))


def _change_item(root: MappingNode, chance: random.Random) -> None:
    if (node := _pick(root, SequenceNode, chance)) is not None:
        node.value[chance.randrange(len(node.value))] = _scalar(chance)


def _drop_key(root: MappingNode, chance: random.Random) -> None:
    if (node := _pick(root, MappingNode, chance)) is not None:
        del node.value[chance.randrange(len(node.value))]


def _repeat_key(root: MappingNode, chance: random.Random) -> None:
    if (node := _pick(root, MappingNode, chance)) is not None:
        node.value.append(chance.choice(node.value))


def _misspell(root: MappingNode, chance: random.Random) -> None:
    if (node := _pick(root, MappingNode, chance)) is not None:
        place = chance.randrange(len(node.value))
        key, value = node.value[place]
        node.value[place] = (ScalarNode(key.tag, str(key.value) + chance.choice("sx_"), style=key.style), value)


def _exchange(root: MappingNode, chance: random.Random) -> None:
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


def _wrap(root: MappingNode, chance: random.Random) -> None:
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
