"""`${NAME}` in configuration files, where that is asked for: the value of an environment variable.

`${NAME:-text}` has a default, `$${NAME}` is the text `${NAME}`. Values are put into scalars of the parsed file, so that
none of them can change its structure. A variable that is not set is a mistake, except in the replacement of a
relabelling rule, where the braces may name a group of its pattern: there it stays as it is written.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from engine.foundation.decode_nodes import position
from engine.foundation.decode_report import Context
from engine.foundation.source import Path, Severity

_VARIABLE: Final = re.compile(  # noqa: TID251 - ours, linear
    r"\$\$\{|\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}"
)
_MAY_BE_GROUPS: Final = ("replacement", "target_label")


def expand(node: Node, environment: Mapping[str, str], context: Context, path: Path = ()) -> Node:
    """The same tree with its values expanded; what an alias repeats is expanded where it stands first."""
    return _Expansion(environment, context).of(node, path)


class _Expansion:
    def __init__(self, environment: Mapping[str, str], context: Context) -> None:
        self._environment = environment
        self._context = context
        self._done: dict[int, tuple[Node, Node]] = {}  # the old one too, so that its identity stays its own

    def of(self, node: Node, path: Path) -> Node:
        known = self._done.get(id(node))
        if known is not None:
            return known[1]
        if isinstance(node, ScalarNode):
            return self._keep(node, self._scalar(node, path))
        if isinstance(node, SequenceNode):
            made: Node = self._keep(node, SequenceNode(node.tag, [], node.start_mark, node.end_mark, node.flow_style))
            made.value.extend(self.of(item, (*path, place)) for place, item in enumerate(node.value))
            return made
        if isinstance(node, MappingNode):
            made = self._keep(node, MappingNode(node.tag, [], node.start_mark, node.end_mark, node.flow_style))
            made.value.extend((key, self.of(value, (*path, str(key.value)))) for key, value in node.value)
            return made
        return node

    def _keep(self, node: Node, made: Node) -> Node:
        self._done[id(node)] = (node, made)
        return made

    def _scalar(self, node: ScalarNode, path: Path) -> ScalarNode:
        if "$" not in node.value:
            return node
        text = _VARIABLE.sub(lambda found: self._value(found, node, path), node.value)
        return ScalarNode(node.tag, text, node.start_mark, node.end_mark, node.style)

    def _value(self, found: re.Match[str], node: ScalarNode, path: Path) -> str:
        name: str | None = found[1]
        default: str | None = found[2]
        if name is None:
            return "${"
        value = self._environment.get(name, default)
        if value is None and not (path and path[-1] in _MAY_BE_GROUPS):
            message = (
                f"the environment variable {name} is not set (${{{name}:-text}} gives a default, $${{{name}}} is text)"
            )
            self._context.add(Severity.ERROR, position(node), path, message)
        return found[0] if value is None else value
