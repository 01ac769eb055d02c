"""YAML text to nodes: only composing is PyYAML's; what a node means is decided by the type that is asked for.

PyYAML's own construction is never used: it turns `1.10` into 1.1, `yes` into True and `17:30` into 1050.
Only the first document is read, as Go's library does.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from engine.foundation.source import Path, Position

_MERGE: Final = "tag:yaml.org,2002:merge"
_NULL: Final = "tag:yaml.org,2002:null"
NOTHING: Final = MappingNode("tag:yaml.org,2002:map", [])
"""The root of a document without content: a mapping, since that is what nearly all files are."""
_KINDS: Final = {MappingNode: "a mapping", SequenceNode: "a list", ScalarNode: "text"}
MAX_DEPTH: Final = 150
_HINTS: Final = {
    "found character that cannot start any token": "indent with spaces, not tabs; quote what begins with @ % or `",
    "found a tab character that violates indentation": "indent with spaces",
    "mapping values are not allowed in this context": "quote a value that holds `: `; or the line is indented too deep",
    "did not find expected key": "look at the indentation of this line, and for quotes that end too early",
    "did not find expected '-' indicator": "look at the indentation of this line",
    "could not find expected ':'": "a key wants `: ` behind it",
    "found unexpected end of stream": "a quote or bracket that was opened is never closed",
    "did not find expected ',' or ']'": "a bracket is never closed, or a comma is missing",
    "did not find expected ',' or '}'": "a brace is never closed (quote text with `{{ }}`), or a comma is missing",
    "block sequence entries are not allowed in this context": "a list begins on a line of its own",
}


class SyntaxMistake(Exception):  # noqa: N818 - it is a finding on its way, not an error of ours
    """The text is no YAML."""

    def __init__(self, position: Position, message: str) -> None:
        super().__init__(message)
        self.position = position
        self.message = message


def compose(source: str | bytes) -> Node:
    """The root node of the first document; NOTHING if there is none. Raises SyntaxMistake."""
    try:
        text = source.decode("utf-8-sig") if isinstance(source, bytes) else source
        text.encode()
    except UnicodeDecodeError as error:
        raise SyntaxMistake(_position_of_byte(error), "this is not UTF-8 text") from None
    except UnicodeEncodeError as error:
        raise SyntaxMistake(_position_of(error.object, error.start), "this is not UTF-8 text") from None
    if _may_be_deep(text):
        _refuse_depth(text)
    loader = yaml.CSafeLoader(text)
    try:
        root = loader.get_node() if loader.check_node() else None
        return NOTHING if root is None or is_null(root) else root
    except yaml.YAMLError as error:
        raise _mistake(text, error) from None
    finally:
        loader.dispose()


def pairs(node: MappingNode, within: frozenset[int] = frozenset()) -> Iterator[tuple[Node, Node, bool]]:
    """(key, value, merged): own keys as written, then those of `<<`. A key may come twice; the first one counts.

    `within` are the mappings that are being merged into: YAML allows to write a mapping that merges itself.
    """
    yield from ((key, value, False) for key, value in node.value if key.tag != _MERGE)
    for key, value in node.value:
        if key.tag == _MERGE:
            for source in _merged(value):
                if id(source) not in within:
                    yield from ((k, v, True) for k, v, _ in pairs(source, within | {id(node)}))


def is_null(node: Node) -> bool:
    return isinstance(node, ScalarNode) and node.tag == _NULL


def position(node: Node) -> Position:
    return position_of_mark(node.start_mark)


def position_of_mark(mark: Any) -> Position:
    return Position(mark.line + 1, mark.column + 1) if mark is not None else Position()


def kind_of(node: Node) -> str:
    """For messages: `a mapping`, `a list`, `text`, `nothing`."""
    return "nothing" if is_null(node) else _KINDS.get(type(node), "text")


def locate(node: Node, at: Path) -> tuple[Node, Path]:
    """The deepest node on the way, and how far it goes."""
    for depth, step in enumerate(at):
        found = _child(node, step)
        if found is None:
            return node, at[:depth]
        node = found
    return node, at


def _child(node: Node, step: str | int) -> Node | None:
    if isinstance(node, SequenceNode) and isinstance(step, int):
        return node.value[step] if step < len(node.value) else None
    if isinstance(node, MappingNode):
        return next((value for key, value, _ in pairs(node) if key.value == step), None)
    return None


def _merged(value: Node) -> list[MappingNode]:
    sources = value.value if isinstance(value, SequenceNode) else [value]
    return [source for source in sources if isinstance(source, MappingNode)]


def _may_be_deep(text: str) -> bool:
    """Cheap, and right when it says no: a level takes a bracket or some indentation."""
    if text.count("[") + text.count("{") > MAX_DEPTH:
        return True
    return any(len(line) - len(line.lstrip(" -?:")) > MAX_DEPTH for line in text.split("\n") if len(line) > MAX_DEPTH)


def _refuse_depth(text: str) -> None:
    """Composing recurses on the C stack and would take the process with it. Raises SyntaxMistake."""
    depth = 0
    try:
        for event in yaml.parse(text, Loader=yaml.CSafeLoader):
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth > MAX_DEPTH:
                where = position_of_mark(event.start_mark)
                raise SyntaxMistake(where, f"lists and mappings may be nested {MAX_DEPTH} deep")
            if isinstance(event, yaml.DocumentEndEvent):
                return
    except yaml.YAMLError as error:
        raise _mistake(text, error) from None


def _mistake(text: str, error: yaml.YAMLError) -> SyntaxMistake:
    if isinstance(error, yaml.reader.ReaderError):
        return SyntaxMistake(_position_of(text, error.position), f"YAML can't hold this character: {error.reason}")
    mark = error.problem_mark if isinstance(error, yaml.MarkedYAMLError) else None
    return SyntaxMistake(position_of_mark(mark), _in_one_line(error))


def _in_one_line(error: yaml.YAMLError) -> str:
    problem = (isinstance(error, yaml.MarkedYAMLError) and error.problem) or "this is not YAML"
    hint = _HINTS.get(problem)
    return f"{problem} ({hint})" if hint else problem


def _position_of(text: str, offset: int) -> Position:
    before = text[:offset]
    return Position(before.count("\n") + 1, offset - (before.rfind("\n") + 1) + 1)


def _position_of_byte(error: UnicodeDecodeError) -> Position:
    before = error.object[: error.start].decode("utf-8", "replace")
    return _position_of(before, len(before))
