"""Changes to a YAML file that leave all else of it as it was written, comments too.

Places are those of the tree that was read; changes are made from the end of the text to its beginning.
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct
from yaml.nodes import MappingNode, Node, ScalarNode

from engine.foundation.decode_nodes import compose, locate
from engine.foundation.source import Path


class Edit(Struct, frozen=True):
    """What stands between two offsets becomes another text."""

    start: int
    stop: int
    text: str


def edited(source: str, edits: Iterable[Edit]) -> str:
    for edit in sorted(set(edits), key=lambda one: (one.start, one.stop, one.text), reverse=True):
        source = source[: edit.start] + edit.text + source[edit.stop :]
    return source


def scalar_edit(source: str, at: Path, old: str, new: str) -> Edit | None:
    """`old` in the text that stands there becomes `new`; None where it does not stand there as it is."""
    node, reached = locate(compose(source), at)
    if reached != at or not isinstance(node, ScalarNode):
        return None
    start, stop = node.start_mark.index, node.end_mark.index
    written = source[start:stop]
    return Edit(start, stop, written.replace(old, new, 1)) if old in written else None


def without_key(source: str, line: int, column: int) -> str | None:
    """The text without the key that begins there (from 1), and what stands under it; None where it is no such key of
    a block.
    """
    found = _key_at(compose(source), line - 1, column - 1)
    if found is None:
        return None
    mapping, index = found
    if mapping.flow_style:
        return None
    lines = source.splitlines(keepends=True)
    key, value = mapping.value[index]
    last = value.end_mark.line
    if not "".join(lines[last : last + 1])[: value.end_mark.column].strip():
        last -= 1  # a block ends where the next thing begins
    while last > key.start_mark.line and _is_between(lines[last]):
        last -= 1
    first, head = key.start_mark.line, lines[key.start_mark.line][: key.start_mark.column]
    if head.strip():  # the first key of an item of a list: the dash goes to the next key
        if index + 1 == len(mapping.value):
            return None
        rest = lines[last + 1 :]
        return "".join([*lines[:first], head + rest[0].lstrip(), *rest[1:]])
    return "".join([*lines[:first], *lines[last + 1 :]])


def _is_between(line: str) -> bool:
    """Nothing, or a comment, which is about what comes next."""
    return not line.strip() or line.lstrip().startswith("#")


def _key_at(node: Node, line: int, column: int) -> tuple[MappingNode, int] | None:
    if isinstance(node, MappingNode):
        for index, (key, _) in enumerate(node.value):
            if (key.start_mark.line, key.start_mark.column) == (line, column):
                return node, index
    for child in _children(node):
        if (found := _key_at(child, line, column)) is not None:
            return found
    return None


def _children(node: Node) -> Iterable[Node]:
    if isinstance(node, MappingNode):
        return [value for _, value in node.value]
    return [] if isinstance(node, ScalarNode) else node.value
