"""Where in a page a template stands: the state of a small HTML, URL, CSS and JavaScript scanner.

Names are Go's, since error texts print a context whole.
"""

from __future__ import annotations

from enum import Enum
from typing import Final

from msgspec import Struct
from msgspec.structs import replace


class State(Enum):
    TEXT = "stateText"
    TAG = "stateTag"
    ATTR_NAME = "stateAttrName"
    AFTER_NAME = "stateAfterName"
    BEFORE_VALUE = "stateBeforeValue"
    HTML_COMMENT = "stateHTMLCmt"
    RCDATA = "stateRCDATA"
    ATTR = "stateAttr"
    URL = "stateURL"
    SRCSET = "stateSrcset"
    JS = "stateJS"
    JS_DOUBLE = "stateJSDqStr"
    JS_SINGLE = "stateJSSqStr"
    JS_TEMPLATE = "stateJSBqStr"
    JS_REGEXP = "stateJSRegexp"
    JS_BLOCK_COMMENT = "stateJSBlockCmt"
    JS_LINE_COMMENT = "stateJSLineCmt"
    CSS = "stateCSS"
    CSS_DOUBLE = "stateCSSDqStr"
    CSS_SINGLE = "stateCSSSqStr"
    CSS_DOUBLE_URL = "stateCSSDqURL"
    CSS_SINGLE_URL = "stateCSSSqURL"
    CSS_URL = "stateCSSURL"
    CSS_BLOCK_COMMENT = "stateCSSBlockCmt"
    CSS_LINE_COMMENT = "stateCSSLineCmt"
    DEAD = "stateDead"  # after break and continue: nothing comes here


class Delim(Enum):
    NONE = "delimNone"
    DOUBLE = "delimDoubleQuote"
    SINGLE = "delimSingleQuote"
    SPACE = "delimSpaceOrTagEnd"


class UrlPart(Enum):
    NONE = "urlPartNone"
    BEFORE_QUERY = "urlPartPreQuery"
    QUERY = "urlPartQueryOrFrag"
    UNKNOWN = "urlPartUnknown"


class JsSlash(Enum):
    """What a slash would begin."""

    REGEXP = "jsCtxRegexp"
    DIVISION = "jsCtxDivOp"
    UNKNOWN = "jsCtxUnknown"


class Attr(Enum):
    NONE = "attrNone"
    SCRIPT = "attrScript"
    SCRIPT_TYPE = "attrScriptType"
    STYLE = "attrStyle"
    URL = "attrURL"
    SRCSET = "attrSrcset"


class Element(Enum):
    NONE = "elementNone"
    SCRIPT = "elementScript"
    STYLE = "elementStyle"
    TEXTAREA = "elementTextarea"
    TITLE = "elementTitle"


COMMENTS: Final = frozenset(
    {
        State.HTML_COMMENT,
        State.JS_BLOCK_COMMENT,
        State.JS_LINE_COMMENT,
        State.CSS_BLOCK_COMMENT,
        State.CSS_LINE_COMMENT,
    }
)
VALUE_STATES: Final = {
    Attr.NONE: State.ATTR,
    Attr.SCRIPT: State.JS,
    Attr.SCRIPT_TYPE: State.ATTR,
    Attr.STYLE: State.CSS,
    Attr.URL: State.URL,
    Attr.SRCSET: State.SRCSET,
}


class Context(Struct, frozen=True):
    state: State = State.TEXT
    delim: Delim = Delim.NONE
    url_part: UrlPart = UrlPart.NONE
    js_slash: JsSlash = JsSlash.REGEXP
    attr: Attr = Attr.NONE
    element: Element = Element.NONE

    def __str__(self) -> str:
        parts = (self.state, self.delim, self.url_part, self.js_slash, self.attr, self.element)
        return "{" + " ".join(p.value for p in parts) + " <nil>}"

    @property
    def is_comment(self) -> bool:
        return self.state in COMMENTS

    def nudged(self) -> Context:
        """Where an action would put its value: behind a tag's name an attribute, behind `=` a value without quotes."""
        if self.state is State.TAG:
            return replace(self, state=State.ATTR_NAME)
        if self.state is State.BEFORE_VALUE:
            return replace(self, state=VALUE_STATES[self.attr], delim=Delim.SPACE, attr=Attr.NONE)
        if self.state is State.AFTER_NAME:
            return replace(self, state=State.ATTR_NAME, attr=Attr.NONE)
        return self

    def mangled(self, name: str) -> str:
        """The name of a template's copy for this context."""
        if self.state is State.TEXT:
            return name
        parts = (self.delim, self.url_part, self.js_slash, self.attr, self.element)
        plain = (Delim.NONE, UrlPart.NONE, JsSlash.REGEXP, Attr.NONE, Element.NONE)
        tail = "".join(f"_{p.value}" for p, usual in zip(parts, plain, strict=True) if p is not usual)
        return f"{name}$htmltemplate_{self.state.value}{tail}"


class EscapeError(Exception):
    """The page can't be escaped; `node` or `line` say where, as far as that is known."""

    def __init__(self, message: str, *, node: object = None, line: int = 0) -> None:
        super().__init__(message)
        self.message = message
        self.node = node
        self.line = line


def join(a: Context, b: Context) -> Context | None:
    """The context after either of two branches; None where they end too differently."""
    if a.state is State.DEAD:
        return b
    if b.state is State.DEAD or a == b:
        return a
    if replace(a, url_part=b.url_part) == b:
        return replace(a, url_part=UrlPart.UNKNOWN)
    if replace(a, js_slash=b.js_slash) == b:
        return replace(a, js_slash=JsSlash.UNKNOWN)
    nudged_a, nudged_b = a.nudged(), b.nudged()
    if (nudged_a, nudged_b) != (a, b):
        return join(nudged_a, nudged_b)
    return None
