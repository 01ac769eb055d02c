"""YAML text to nodes: only composing is PyYAML's; what a node means is decided by the type that is asked for.

PyYAML's own construction is never used: it turns `1.10` into 1.1, `yes` into True and `17:30` into 1050.
Only the first document is read, as Go's library does.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from engine.foundation.source import Path, Position

_MERGE: Final = "tag:yaml.org,2002:merge"
_NULL: Final = "tag:yaml.org,2002:null"
_EMPTY: Final = MappingNode("tag:yaml.org,2002:map", [])
_KINDS: Final = {MappingNode: "a mapping", SequenceNode: "a list", ScalarNode: "text"}
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
    """The root node of the first document; an empty mapping if there is nothing. Raises SyntaxMistake."""
    try:
        text = source.decode("utf-8-sig") if isinstance(source, bytes) else source
        text.encode()
    except UnicodeDecodeError as error:
        raise SyntaxMistake(_position_of_byte(error), "this is not UTF-8 text") from None
    except UnicodeEncodeError as error:
        raise SyntaxMistake(_position_of(error.object, error.start), "this is not UTF-8 text") from None
    loader = yaml.CSafeLoader(text)
    try:
        root = loader.get_node() if loader.check_node() else None
        return _EMPTY if root is None or is_null(root) else root
    except yaml.reader.ReaderError as error:
        raise SyntaxMistake(
            _position_of(text, error.position), f"YAML can't hold this character: {error.reason}"
        ) from None
    except yaml.MarkedYAMLError as error:
        raise SyntaxMistake(position_of_mark(error.problem_mark), _in_one_line(error)) from None
    except (RecursionError, MemoryError):
        raise SyntaxMistake(Position(), "lists or mappings are nested too deep") from None
    finally:
        loader.dispose()


def pairs(node: MappingNode) -> Iterator[tuple[Node, Node, bool]]:
    """(key, value, merged): own keys as written, then those of `<<`. A key may come twice; the first one counts."""
    own = [(key, value) for key, value in node.value if key.tag != _MERGE]
    yield from ((key, value, False) for key, value in own)
    for key, value in node.value:
        if key.tag == _MERGE:
            yield from ((k, v, True) for source in _merged(value) for k, v, _ in _guarded(source, node))


def is_null(node: Node) -> bool:
    return isinstance(node, ScalarNode) and node.tag == _NULL


def position(node: Node) -> Position:
    return position_of_mark(node.start_mark)


def position_of_mark(mark: yaml.Mark | None) -> Position:
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


def _guarded(source: MappingNode, into: MappingNode) -> Iterator[tuple[Node, Node, bool]]:
    """A mapping that merges itself gives nothing: YAML allows the loop to be written."""
    return iter(()) if source is into else pairs(source)


def _in_one_line(error: yaml.MarkedYAMLError) -> str:
    problem = error.problem or "this is not YAML"
    hint = _HINTS.get(problem)
    return f"{problem} ({hint})" if hint else problem


def _position_of(text: str, offset: int) -> Position:
    before = text[:offset]
    return Position(before.count("\n") + 1, offset - (before.rfind("\n") + 1) + 1)


def _position_of_byte(error: UnicodeDecodeError) -> Position:
    before = error.object[: error.start].decode("utf-8", "replace")
    return _position_of(before, len(before))
