"""Rewrites trees so that every action ends in the escapers that its place demands.

Text is read once, by the scanner of `transitions`, whatever the data will be; so both branches of an `if` must end in
places that agree, and a loop must end where it began. A template that is called in two kinds of places gets a copy for
each. The work is counted, since loops inside of loops are read again and again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from msgspec import Struct, field
from msgspec.structs import replace

from engine.gotemplate.errors import LimitError, Position, TemplateError
from engine.gotemplate.html.contexts import Context, Delim, EscapeError, JsSlash, State, UrlPart, join
from engine.gotemplate.html.pipelines import with_escapers
from engine.gotemplate.html.texts import escaped_text
from engine.gotemplate.nodes import Action, Branch, Call, Identifier, Jump, Node, Text, Tree
from engine.gotemplate.text import to_bytes
from promql.model.labels import quote

_MAX_STEPS: Final = 100_000
_PREDEFINED: Final = ("html", "urlquery")
_AFTER_FILTER: Final = (State.CSS_DOUBLE, State.CSS_SINGLE)
_URLS: Final = frozenset(
    {State.URL, State.CSS_DOUBLE, State.CSS_SINGLE, State.CSS_DOUBLE_URL, State.CSS_SINGLE_URL, State.CSS_URL}
)
_BY_STATE: Final = {
    State.JS: "jsvalescaper",
    State.JS_DOUBLE: "jsstrescaper",
    State.JS_SINGLE: "jsstrescaper",
    State.JS_REGEXP: "jsregexpescaper",
    State.CSS: "cssvaluefilter",
    State.TEXT: "htmlescaper",
    State.RCDATA: "rcdataescaper",
    State.ATTR_NAME: "htmlnamefilter",
    State.SRCSET: "srcsetescaper",
}
_Escaped = tuple[Context, tuple[Node, ...]]


def escape_trees(trees: Mapping[str, Tree], name: str) -> dict[str, Tree]:
    """All that executing `name` can reach, escaped. Raises TemplateError in Go's words."""
    escaper = _Escaper(trees)
    try:
        context = escaper.template(Context(), name, None)[0]
        if context.state is not State.TEXT:
            raise EscapeError(f"ends in a non-text context: {context}")
    except EscapeError as error:
        raise _located(error, escaper, name) from None
    return escaper.done


def _located(error: EscapeError, escaper: _Escaper, name: str) -> TemplateError:
    node, tree = error.node, escaper.tree
    if isinstance(node, Action | Branch | Jump | Call | Tree) and tree is not None:
        begin = tree.text.rfind("\n", 0, node.start) + 1
        line = 1 + tree.text.count("\n", 0, node.start)
        column = len(to_bytes(tree.text[begin : node.start]))
        position = Position(tree.file, line, column)
        return TemplateError(f"html/template:{tree.file}:{line}:{column}: {error.message}", position)
    if error.line:
        return TemplateError(f"html/template:{name}:{error.line}: {error.message}", Position(name, error.line, 0))
    return TemplateError(f"html/template:{name}: {error.message}" if name else f"html/template: {error.message}")


class _Loop(Struct):
    """The contexts in which a range's breaks and continues leave its body."""

    exits: list[tuple[Context, Jump]] = field(default_factory=list)


class _Escaper:
    def __init__(self, trees: Mapping[str, Tree]) -> None:
        self.done: dict[str, Tree] = {}
        self.tree: Tree | None = None  # what is being read, for the place of an error
        self._trees = trees
        self._outputs: dict[str, Context] = {}
        self._called: set[str] = set()
        self._loops: list[_Loop] = []
        self._steps = _MAX_STEPS

    # Templates

    def template(self, context: Context, name: str, node: Call | None) -> tuple[Context, str]:
        """Where a call of `name` ends, and the name of the copy to call."""
        copy = context.mangled(name)
        self._called.add(copy)
        if copy in self._outputs:
            return self._outputs[copy], copy
        tree = self._trees.get(name)
        if tree is None:
            raise EscapeError(f"no such template {quote(name)}", node=node)
        outer, loops = self.tree, self._loops
        self.tree, self._loops = tree, []
        output = self._output(context, tree, copy)
        self.tree, self._loops = outer, loops
        return output, copy

    def _output(self, context: Context, tree: Tree, copy: str) -> Context:
        """A template that calls itself must end in the place that was assumed for it: first where it began, then where
        it then ended. What a wrong assumption has led to is forgotten.
        """
        known = (dict(self._outputs), dict(self.done), set(self._called))
        found, settled = self._body(context, context, tree, copy)
        if not settled:
            self._outputs, self.done, self._called = known
            settled = self._settles(context, found, tree, copy)
        if not settled:
            raise EscapeError(f"cannot compute output context for template {copy}", node=tree)
        self._outputs[copy] = found
        return found

    def _settles(self, context: Context, assumed: Context, tree: Tree, copy: str) -> bool:
        try:
            return self._body(context, assumed, tree, copy) == (assumed, True)
        except EscapeError:
            return False

    def _body(self, context: Context, assumed: Context, tree: Tree, copy: str) -> tuple[Context, bool]:
        """Where the template ends, and whether that agrees with what its calls of itself assumed."""
        self._outputs[copy] = assumed
        self._called.discard(copy)
        found, body = self._list(context, tree.body)
        self.done[copy] = replace(tree, body=body)
        return found, copy not in self._called or found == assumed

    # Nodes

    def _list(self, context: Context, nodes: Sequence[Node]) -> _Escaped:
        escaped: list[Node] = []
        for at, node in enumerate(nodes):
            self._steps -= 1
            if self._steps < 0:
                raise LimitError(f"html/template: escaping takes more than {_MAX_STEPS} steps")
            context, changed = self._node(context, node)
            escaped.append(changed)
            if context.state is State.DEAD:
                escaped += nodes[at + 1 :]
                break
        return context, tuple(escaped)

    def _node(self, context: Context, node: Node) -> tuple[Context, Node]:
        if isinstance(node, Text):
            context, text = escaped_text(context, node.text)
            return context, replace(node, text=text)
        if isinstance(node, Action):
            return self._action(context, node)
        if isinstance(node, Branch):
            return self._range(context, node) if node.word == "range" else self._branch(context, node)
        if isinstance(node, Call):
            context, copy = self.template(context, node.name, node)
            return context, replace(node, name=copy)
        self._loops[-1].exits.append((context, node))
        return Context(State.DEAD), node

    def _branch(self, context: Context, node: Branch) -> tuple[Context, Node]:
        then, body = self._list(context, node.body)
        other, otherwise = self._list(context, node.otherwise or ())
        changed = replace(node, body=body, otherwise=None if node.otherwise is None else otherwise)
        return self._joined(then, other, node, node.word), changed

    def _range(self, context: Context, node: Branch) -> tuple[Context, Node]:
        self._loops.append(_Loop())
        then, body = self._list(context, node.body)
        for exit_context, jump in self._loops.pop().exits:
            try:
                then = self._joined(then, exit_context, jump, "range")
            except EscapeError as error:
                raise EscapeError(
                    f"at range loop {jump.word}: {error.message}", node=error.node, line=jump.line
                ) from None
        try:
            self._loops.append(_Loop())
            again, _ = self._list(then, node.body) if then.state is not State.DEAD else (then, ())
            self._loops.pop()
            then = self._joined(then, again, node, "range")
        except EscapeError as error:
            raise EscapeError(f"on range loop re-entry: {error.message}", node=error.node, line=node.line) from None
        other, otherwise = self._list(context, node.otherwise or ())
        changed = replace(node, body=body, otherwise=None if node.otherwise is None else otherwise)
        return self._joined(then, other, node, "range"), changed

    def _joined(self, a: Context, b: Context, node: Branch | Jump, word: str) -> Context:
        joined = join(a, b)
        if joined is None:
            raise EscapeError(f"{{{{{word}}}}} branches end in different contexts: {a}, {b}", node=node)
        return joined

    def _action(self, context: Context, node: Action) -> tuple[Context, Node]:
        if node.pipeline.names:
            return context, node
        context = context.nudged()
        self._refuse_predefined(context, node)
        names = [*_place(context, node), *_delimiter(context)]
        if context.state is State.JS:
            context = replace(context, js_slash=JsSlash.DIVISION)
        return context, replace(node, pipeline=with_escapers(node.pipeline, names))

    def _refuse_predefined(self, context: Context, node: Action) -> None:
        commands = node.pipeline.commands
        unquoted = context.state is State.ATTR and context.delim is Delim.SPACE
        for at, command in enumerate(commands):
            first = command.operands[0]
            if not isinstance(first, Identifier) or first.name not in _PREDEFINED:
                continue
            if at < len(commands) - 1 or (unquoted and first.name == "html"):
                raise EscapeError(f"predefined escaper {quote(first.name)} disallowed in template", node=node)


def _place(context: Context, node: Action) -> list[str]:
    if context.state in _URLS:
        if context.url_part is UrlPart.UNKNOWN:
            raise EscapeError(f"{node} appears in an ambiguous context within a URL", node=node)
        if context.url_part is UrlPart.QUERY:
            return ["urlescaper"]
        escaper = "cssescaper" if context.state in _AFTER_FILTER else "urlnormalizer"
        return ["urlfilter", escaper] if context.url_part is UrlPart.NONE else [escaper]
    if context.state is State.JS_TEMPLATE:
        raise EscapeError(f"{node} appears in a JS template literal", node=node)
    if context.is_comment:
        return ["commentescaper"]
    name = _BY_STATE.get(context.state)
    return [name] if name else []


def _delimiter(context: Context) -> list[str]:
    if context.delim is Delim.NONE:
        return []
    return ["nospaceescaper" if context.delim is Delim.SPACE else "attrescaper"]
