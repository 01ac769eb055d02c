"""How text moves the context: each state reads as far as it understands, and says which state comes next.

A step takes a context and text and gives the next context and how many characters it has read; zero only where the
context changes. Raises EscapeError for HTML that no browser would read reliably.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from msgspec.structs import replace

from engine.gotemplate.html.attributes import ATTRS, content_of, is_script_type
from engine.gotemplate.html.contexts import (
    VALUE_STATES,
    Attr,
    Context,
    Delim,
    Element,
    EscapeError,
    JsSlash,
    State,
    UrlPart,
)
from engine.gotemplate.html.scripts import slash_after
from promql.model.labels import quote

_Step = tuple[Context, int]

_SPACE: Final = " \t\n\f\r"
_ELEMENTS: Final = {
    "script": Element.SCRIPT,
    "style": Element.STYLE,
    "textarea": Element.TEXTAREA,
    "title": Element.TITLE,
}
_CONTENT: Final = {
    Element.NONE: State.TEXT,
    Element.SCRIPT: State.JS,
    Element.STYLE: State.CSS,
    Element.TEXTAREA: State.RCDATA,
    Element.TITLE: State.RCDATA,
}
_ENDS: Final = {  # the patterns of this file are ours and linear
    Element.SCRIPT: re.compile(r"</script(?=[ \t\n\f/>])", re.IGNORECASE),  # noqa: TID251 - ours
    Element.STYLE: re.compile(r"</style(?=[ \t\n\f/>])", re.IGNORECASE),  # noqa: TID251 - ours
    Element.TEXTAREA: re.compile(r"</textarea(?=[ \t\n\f/>])", re.IGNORECASE),  # noqa: TID251 - ours
    Element.TITLE: re.compile(r"</title(?=[ \t\n\f/>])", re.IGNORECASE),  # noqa: TID251 - ours
}
_TAG_NAME: Final = re.compile(r"[a-zA-Z][a-zA-Z0-9]*(?:[:-][a-zA-Z0-9]+)*")  # noqa: TID251 - ours
_VALUE_END: Final = {
    Delim.DOUBLE: re.compile('"'),  # noqa: TID251 - ours
    Delim.SINGLE: re.compile("'"),  # noqa: TID251 - ours
    Delim.SPACE: re.compile(r"[ \t\n\f\r>]"),  # noqa: TID251 - ours
}
_BAD_UNQUOTED: Final = re.compile("[\"'<=`]")  # noqa: TID251 - ours
_JS_SPECIAL: Final = re.compile("[\"'`/]")  # noqa: TID251 - ours
_JS_LITERALS: Final = {'"': State.JS_DOUBLE, "'": State.JS_SINGLE, "`": State.JS_TEMPLATE}
_JS_ENDS: Final = {
    State.JS_DOUBLE: re.compile(r'[\\"]'),  # noqa: TID251 - ours
    State.JS_SINGLE: re.compile(r"[\\']"),  # noqa: TID251 - ours
    State.JS_TEMPLATE: re.compile(r"[\\`]"),  # noqa: TID251 - ours
    State.JS_REGEXP: re.compile(r"[\\/\[\]]"),  # noqa: TID251 - ours
}
_JS_LINE_END: Final = re.compile("[\n\r\u2028\u2029]")  # noqa: TID251 - ours
_CSS_LINE_END: Final = re.compile("[\n\f\r]")  # noqa: TID251 - ours
_CSS_SPECIAL: Final = re.compile("[(\"'/]")  # noqa: TID251 - ours
_CSS_URL: Final = re.compile(r"(?<![\w\-\u0080-\U0010ffff])url$", re.IGNORECASE | re.ASCII)  # noqa: TID251 - ours
_CSS_ENDS: Final = {
    State.CSS_DOUBLE: re.compile(r'[\\"]'),  # noqa: TID251 - ours
    State.CSS_DOUBLE_URL: re.compile(r'[\\"]'),  # noqa: TID251 - ours
    State.CSS_SINGLE: re.compile(r"[\\']"),  # noqa: TID251 - ours
    State.CSS_SINGLE_URL: re.compile(r"[\\']"),  # noqa: TID251 - ours
    State.CSS_URL: re.compile(r"[\\\t\n\f\r )]"),  # noqa: TID251 - ours
}
_CSS_ESCAPE: Final = re.compile(r"\\(?:([0-9a-fA-F]{1,6})[ \t\n\f\r]?|(.))", re.DOTALL)  # noqa: TID251 - ours


def after_text(context: Context, text: str) -> _Step:
    """The next step through a template's own text."""
    if context.delim is Delim.NONE:
        end = _element_end(context, text)
        if end == 0:
            return Context(), 0
        return STEPS[context.state](context, text[:end])
    found = _VALUE_END[context.delim].search(text)
    end = len(text) if found is None else found.start()
    if context.delim is Delim.SPACE and (bad := _BAD_UNQUOTED.search(text, 0, end)) is not None:
        raise EscapeError(f"{quote(bad[0])} in unquoted attr: {quote(text[:end])}")
    if found is None:
        return _through_value(context, text), len(text)
    element = context.element
    if context.state is State.ATTR and element is Element.SCRIPT and context.attr is Attr.SCRIPT_TYPE:
        element = element if is_script_type(text[:end]) else Element.NONE
    return Context(State.TAG, element=element), end + (context.delim is not Delim.SPACE)


def _element_end(context: Context, text: str) -> int:
    """Where the end tag of a script, style, textarea or title begins."""
    if context.element is Element.NONE:
        return len(text)
    found = _ENDS[context.element].search(text)
    return len(text) if found is None else found.start()


def _through_value(context: Context, text: str) -> Context:
    rest = html.unescape(text)
    while rest:
        context, read = STEPS[context.state](context, rest)
        rest = rest[read:]
    return context


def _skip_space(text: str, at: int = 0) -> int:
    return len(text) - len(text[at:].lstrip(_SPACE))


# HTML


def _text(context: Context, text: str) -> _Step:
    at = 0
    while (left := text.find("<", at)) >= 0:
        if text.startswith("<!--", left):
            return replace(context, state=State.HTML_COMMENT), left + 4
        begin = left + 1
        closes = text.startswith("/", begin)
        begin += closes
        name = _TAG_NAME.match(text, begin)
        if name is not None:
            element = Element.NONE if closes else _ELEMENTS.get(name[0].lower(), Element.NONE)
            return Context(State.TAG, element=element), name.end()
        at = begin
    return context, len(text)


def _html_comment(context: Context, text: str) -> _Step:
    end = text.find("-->")
    return (context, len(text)) if end < 0 else (Context(), end + 3)


def _tag(context: Context, text: str) -> _Step:
    begin = _skip_space(text)
    if begin == len(text):
        return context, begin
    if text[begin] == ">":
        return Context(_CONTENT[context.element], element=context.element), begin + 1
    end = _attribute_end(text, begin)
    if begin == end:
        raise EscapeError(f"expected space, attr name, or end of tag, but got {quote(text[begin:])}")
    name = text[begin:end].lower()
    if context.element is Element.SCRIPT and name == "type":
        attr = Attr.SCRIPT_TYPE
    else:
        attr = ATTRS.get(content_of(name), Attr.NONE)
    state = State.ATTR_NAME if end == len(text) else State.AFTER_NAME
    return Context(state, element=context.element, attr=attr), end


def _attribute_end(text: str, begin: int) -> int:
    for at in range(begin, len(text)):
        char = text[at]
        if char in " \t\n\f\r=>":
            return at
        if char in "'\"<":
            raise EscapeError(f"{quote(char)} in attribute name: {quote(text[:32])}")
    return len(text)


def _attribute_name(context: Context, text: str) -> _Step:
    end = _attribute_end(text, 0)
    return (context if end == len(text) else replace(context, state=State.AFTER_NAME)), end


def _after_name(context: Context, text: str) -> _Step:
    at = _skip_space(text)
    if at == len(text):
        return context, at
    if text[at] != "=":
        return replace(context, state=State.TAG), at
    return replace(context, state=State.BEFORE_VALUE), at + 1


def _before_value(context: Context, text: str) -> _Step:
    at = _skip_space(text)
    if at == len(text):
        return context, at
    delim = {"'": Delim.SINGLE, '"': Delim.DOUBLE}.get(text[at], Delim.SPACE)
    return replace(context, state=VALUE_STATES[context.attr], delim=delim), at + (delim is not Delim.SPACE)


def _rcdata(context: Context, text: str) -> _Step:
    end = _element_end(context, text)
    return (context, end) if end == len(text) else (Context(), end)


def _to_the_end(context: Context, text: str) -> _Step:
    return context, len(text)


def _url(context: Context, text: str) -> _Step:
    if "#" in text or "?" in text:
        context = replace(context, url_part=UrlPart.QUERY)
    elif text.strip(_SPACE) and context.url_part is UrlPart.NONE:
        context = replace(context, url_part=UrlPart.BEFORE_QUERY)
    return context, len(text)


# JavaScript


def _js(context: Context, text: str) -> _Step:
    found = _JS_SPECIAL.search(text)
    if found is None:
        return replace(context, js_slash=slash_after(text, context.js_slash)), len(text)
    at = found.start()
    context = replace(context, js_slash=slash_after(text[:at], context.js_slash))
    if found[0] != "/":
        return replace(context, state=_JS_LITERALS[found[0]], js_slash=JsSlash.REGEXP), at + 1
    if text.startswith("//", at):
        return replace(context, state=State.JS_LINE_COMMENT), at + 2
    if text.startswith("/*", at):
        return replace(context, state=State.JS_BLOCK_COMMENT), at + 2
    if context.js_slash is JsSlash.REGEXP:
        return replace(context, state=State.JS_REGEXP), at + 1
    if context.js_slash is JsSlash.DIVISION:
        return replace(context, js_slash=JsSlash.REGEXP), at + 1
    raise EscapeError(f"'/' could start a division or regexp: {quote(text[at : at + 32])}")


def _js_literal(context: Context, text: str) -> _Step:
    at, in_charset = 0, False
    while (found := _JS_ENDS[context.state].search(text, at)) is not None:
        at = found.start() + 1
        if found[0] == "\\":
            if at == len(text):
                raise EscapeError(f"unfinished escape sequence in JS string: {quote(text)}")
            at += 1
        elif found[0] in "[]":
            in_charset = found[0] == "["
        elif not in_charset:
            return replace(context, state=State.JS, js_slash=JsSlash.DIVISION), at
    if in_charset:
        raise EscapeError(f"unfinished JS regexp charset: {quote(text)}")
    return context, len(text)


def _block_comment(after: State) -> Callable[[Context, str], _Step]:
    def step(context: Context, text: str) -> _Step:
        end = text.find("*/")
        return (context, len(text)) if end < 0 else (replace(context, state=after), end + 2)

    return step


def _line_comment(after: State, line_end: re.Pattern[str]) -> Callable[[Context, str], _Step]:
    def step(context: Context, text: str) -> _Step:
        found = line_end.search(text)
        return (context, len(text)) if found is None else (replace(context, state=after), found.start())

    return step


# CSS


def _css(context: Context, text: str) -> _Step:
    at = 0
    while (found := _CSS_SPECIAL.search(text, at)) is not None:
        at = found.start() + 1
        if found[0] == "(":
            if _CSS_URL.search(text[: at - 1].rstrip(_SPACE)):
                return _css_url(context, text, at)
        elif found[0] == "/":
            if text.startswith("/", at):
                return replace(context, state=State.CSS_LINE_COMMENT), at + 1
            if text.startswith("*", at):
                return replace(context, state=State.CSS_BLOCK_COMMENT), at + 1
        else:
            return replace(context, state=State.CSS_DOUBLE if found[0] == '"' else State.CSS_SINGLE), at
    return context, len(text)


def _css_url(context: Context, text: str, at: int) -> _Step:
    at = _skip_space(text, at)
    mark = text[at : at + 1]
    state = {'"': State.CSS_DOUBLE_URL, "'": State.CSS_SINGLE_URL}.get(mark, State.CSS_URL)
    return replace(context, state=state), at + (state is not State.CSS_URL)


def _css_string(context: Context, text: str) -> _Step:
    at = 0
    while (found := _CSS_ENDS[context.state].search(text, at)) is not None:
        if found[0] != "\\":
            return replace(context, state=State.CSS), found.end()
        if found.end() == len(text):
            raise EscapeError(f"unfinished escape sequence in CSS string: {quote(text)}")
        context, _ = _url(context, decode_css(text[: found.end() + 1]))
        at = found.end() + 1
    return _url(context, decode_css(text[at:]))[0], len(text)


def decode_css(text: str) -> str:
    """CSS escapes as what they stand for."""

    def decoded(found: re.Match[str]) -> str:
        if not found[1]:
            return found[2]
        code = int(found[1], 16)
        return chr(code) if code <= 0x10FFFF and not 0xD800 <= code < 0xE000 else "\ufffd"

    return _CSS_ESCAPE.sub(decoded, text)


STEPS: Final[Mapping[State, Callable[[Context, str], _Step]]] = MappingProxyType(
    {
        State.TEXT: _text,
        State.TAG: _tag,
        State.ATTR_NAME: _attribute_name,
        State.AFTER_NAME: _after_name,
        State.BEFORE_VALUE: _before_value,
        State.HTML_COMMENT: _html_comment,
        State.RCDATA: _rcdata,
        State.ATTR: _to_the_end,
        State.URL: _url,
        State.SRCSET: _url,
        State.JS: _js,
        State.JS_DOUBLE: _js_literal,
        State.JS_SINGLE: _js_literal,
        State.JS_TEMPLATE: _js_literal,
        State.JS_REGEXP: _js_literal,
        State.JS_BLOCK_COMMENT: _block_comment(State.JS),
        State.JS_LINE_COMMENT: _line_comment(State.JS, _JS_LINE_END),
        State.CSS: _css,
        State.CSS_DOUBLE: _css_string,
        State.CSS_SINGLE: _css_string,
        State.CSS_DOUBLE_URL: _css_string,
        State.CSS_SINGLE_URL: _css_string,
        State.CSS_URL: _css_string,
        State.CSS_BLOCK_COMMENT: _block_comment(State.CSS),
        State.CSS_LINE_COMMENT: _line_comment(State.CSS, _CSS_LINE_END),
    }
)
