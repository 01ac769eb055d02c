"""The functions that escape a value for one kind of place. The escaper appends them to pipelines under Go's names.

Text that is HTML already (`safeHtml`) passes unharmed only where HTML is wanted. What can't be made safe becomes
`ZgotmplZ`, so that it can be found.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from engine.gotemplate.containers import GoPointer, Html
from engine.gotemplate.html.attributes import Content, content_of
from engine.gotemplate.html.contexts import Context, Delim, Element, State
from engine.gotemplate.html.json import to_json
from engine.gotemplate.html.scripts import is_identifier_part
from engine.gotemplate.html.transitions import STEPS, decode_css
from engine.gotemplate.printing import go_print
from engine.gotemplate.text import to_bytes
from engine.gotemplate.times import GoTime
from engine.gotemplate.types import ANY, Function, GoValue

PREFIX: Final = "_html_template_"
FAILSAFE: Final = "ZgotmplZ"

_NORM: Final = {"\0": "\ufffd", '"': "&#34;", "'": "&#39;", "+": "&#43;", "<": "&lt;", ">": "&gt;"}
_NOSPACE_NORM: Final = {
    **_NORM, "\0": "&#xfffd;", "\t": "&#9;", "\n": "&#10;", "\v": "&#11;", "\f": "&#12;", "\r": "&#13;", " ": "&#32;",
    "=": "&#61;", "`": "&#96;",
}  # fmt: skip
_HTML_NORM_TABLE: Final = str.maketrans(_NORM)
_HTML_TABLE: Final = str.maketrans({**_NORM, "&": "&amp;"})
_NOSPACE_NORM_TABLE: Final = str.maketrans(_NOSPACE_NORM)
_NOSPACE_TABLE: Final = str.maketrans({**_NOSPACE_NORM, "&": "&amp;"})
_BAD_UNQUOTED: Final = re.compile("[\ufdd0-\ufdef\ufff0-\uffff]")  # noqa: TID251 - ours, linear

_JS_CODES: Final = {
    "\0": "\\u0000", "\t": "\\t", "\n": "\\n", "\v": "\\u000b", "\f": "\\f", "\r": "\\r", '"': "\\u0022",
    "&": "\\u0026", "'": "\\u0027", "+": "\\u002b", "/": "\\/", "<": "\\u003c", ">": "\\u003e", "\\": "\\\\",
    "\u2028": "\\u2028", "\u2029": "\\u2029",
}  # fmt: skip
_JS_TABLE: Final = str.maketrans({**_JS_CODES, "`": "\\u0060"})
_JS_REGEXP_TABLE: Final = str.maketrans({**_JS_CODES, **{c: "\\" + c for c in "$()*-.?[]^{|}"}})
_CSS: Final = {c: f"\\{ord(c):x}" for c in "\0\t\n\f\r\"&'()+/:;<>{}"}
_URL_RESERVED: Final = frozenset(b"!#$&*+,/:;=?@[]")
_URL_PLAIN: Final = frozenset(b"-._~ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")
_HEX: Final = frozenset(b"0123456789abcdefABCDEF")
_SPACES: Final = " \t\n\f\r"


def _text(values: tuple[object, ...]) -> str:
    """Several values print as one text; nil prints as nothing."""
    if len(values) == 1 and isinstance(values[0], str):
        return values[0]
    return go_print(*(v.target if isinstance(v, GoPointer) else v for v in values if v is not None))


def _is_html(values: tuple[object, ...]) -> bool:
    return len(values) == 1 and isinstance(values[0], Html)


def _escape_html(*values: object) -> str:
    return _text(values) if _is_html(values) else _text(values).translate(_HTML_TABLE)


def _escape_attribute(*values: object) -> str:
    text = _text(values)
    return strip_tags(text).translate(_HTML_NORM_TABLE) if _is_html(values) else text.translate(_HTML_TABLE)


def _escape_rcdata(*values: object) -> str:
    return _text(values).translate(_HTML_NORM_TABLE if _is_html(values) else _HTML_TABLE)


def _escape_unquoted(*values: object) -> str:
    text = _text(values)
    if not text:
        return FAILSAFE  # nothing at all would make the next attribute the value of this one
    escaped = strip_tags(text).translate(_NOSPACE_NORM_TABLE) if _is_html(values) else text.translate(_NOSPACE_TABLE)
    return _BAD_UNQUOTED.sub(lambda m: f"&#x{ord(m[0]):x};", escaped)


def _filter_name(*values: object) -> str:
    name = _text(values).lower()
    plain = name.isascii() and name.isalnum() and content_of(name) is Content.PLAIN
    return name if plain else FAILSAFE


def _drop(*_: object) -> str:
    return ""


def strip_tags(text: str) -> str:
    """Only the text of some HTML."""
    context, at, pieces, only_text = Context(), 0, [], True
    while at < len(text):
        if context.delim is Delim.NONE:
            state = context.state
            inside_tag = state in (State.TAG, State.ATTR_NAME, State.AFTER_NAME, State.BEFORE_VALUE, State.ATTR)
            if context.element is not Element.NONE and not inside_tag:
                state = State.RCDATA
            following, read = STEPS[state](context, text[at:])
            if context.state in (State.TEXT, State.RCDATA):
                chunk = text[at : at + read]
                pieces.append(chunk if following.state is context.state else chunk[: max(chunk.rfind("<"), 0)])
            else:
                only_text = False
            context, at = following, at + read
            continue
        end = _value_end(text, at, context.delim)
        if end < 0:
            break
        context, at = Context(State.TAG, element=context.element), end + (context.delim is not Delim.SPACE)
    return text if only_text and context.state is State.TEXT else "".join(pieces)


def _value_end(text: str, begin: int, delim: Delim) -> int:
    ends = {Delim.DOUBLE: '"', Delim.SINGLE: "'", Delim.SPACE: " \t\n\f\r>"}[delim]
    found = [at for end in ends if (at := text.find(end, begin)) >= 0]
    return min(found, default=-1)


# Addresses


def _is_safe_url(text: str) -> bool:
    scheme, colon, _ = text.partition(":")
    return not colon or "/" in scheme or scheme.lower() in ("http", "https", "mailto")


def _filter_url(*values: object) -> str:
    text = _text(values)
    return text if _is_safe_url(text) else "#" + FAILSAFE


def _url(text: str, *, normalize: bool) -> str:
    raw = to_bytes(text)
    pieces = []
    for at, byte in enumerate(raw):
        plain = byte in _URL_PLAIN or (normalize and byte in _URL_RESERVED)
        escaped = byte == 0x25 and normalize and at + 2 < len(raw) and raw[at + 1] in _HEX and raw[at + 2] in _HEX
        pieces.append(chr(byte) if plain or escaped else f"%{byte:02x}")
    return "".join(pieces)


def _escape_url(*values: object) -> str:
    return _url(_text(values), normalize=False)


def _normalize_url(*values: object) -> str:
    return _url(_text(values), normalize=True)


def _escape_srcset(*values: object) -> str:
    return ",".join(_image(part) for part in _text(values).split(","))


def _image(part: str) -> str:
    """One `URL 2x` of a srcset."""
    body = part.lstrip(_SPACES)
    address = re.split(r"[ \t\n\f\r]", body, maxsplit=1)[0]
    rest = body[len(address) :]
    if _is_safe_url(address) and all(c in _SPACES or (c.isascii() and c.isalnum()) for c in rest):
        return part[: len(part) - len(body)] + _url(address, normalize=True) + rest
    return "#" + FAILSAFE


# Scripts


def _escape_js_value(*values: object) -> str:
    value = values[0] if len(values) == 1 else go_print(*values)
    if isinstance(value, GoPointer):
        value = value.target
    if isinstance(value, GoValue) and not isinstance(value, GoTime):
        value = value.go_string() or value
    try:
        text = to_json(value)
    except ValueError as error:
        return f" /* {str(error).replace('*/', '* /')} */null "
    return f" {text} " if is_identifier_part(text[0]) or is_identifier_part(text[-1]) else text


def _escape_js_string(*values: object) -> str:
    return _text(values).translate(_JS_TABLE)


def _escape_js_regexp(*values: object) -> str:
    return _text(values).translate(_JS_REGEXP_TABLE) or "(?:)"


# Styles


def _escape_css(*values: object) -> str:
    """A code is ended by a space where the next character could be taken for a part of it."""
    text, pieces = _text(values), []
    for at, char in enumerate(text):
        code = "\\\\" if char == "\\" else _CSS.get(char)
        pieces.append(code or char)
        if code and char != "\\" and (following := text[at + 1 : at + 2] or " ") in _SPACES + "0123456789abcdefABCDEF":
            pieces.append(" " if following else "")
    return "".join(pieces)


def _filter_css(*values: object) -> str:
    text = decode_css(_text(values))
    if any(c in "\0\"'()/;@[\\]`{}<>" for c in text) or "--" in text:
        return FAILSAFE
    word = "".join(c for c in text if c.isascii() and (c.isalnum() or c in "-_")).lower()
    return FAILSAFE if "expression" in word or "mozbinding" in word else text


def _together(*values: object) -> str:
    """The arguments of a predefined escaper, printed, for the escaper that then follows."""
    return values[0] if len(values) == 1 and isinstance(values[0], str) else go_print(*values)


ESCAPERS: Final[Mapping[str, Function]] = MappingProxyType(
    {
        "_eval_args_": Function(_together, (), ANY),
        **{
            PREFIX + name: Function(call, (), ANY)
            for name, call in {
                "attrescaper": _escape_attribute,
                "commentescaper": _drop,
                "cssescaper": _escape_css,
                "cssvaluefilter": _filter_css,
                "htmlescaper": _escape_html,
                "htmlnamefilter": _filter_name,
                "jsregexpescaper": _escape_js_regexp,
                "jsstrescaper": _escape_js_string,
                "jsvalescaper": _escape_js_value,
                "nospaceescaper": _escape_unquoted,
                "rcdataescaper": _escape_rcdata,
                "srcsetescaper": _escape_srcset,
                "urlescaper": _escape_url,
                "urlfilter": _filter_url,
                "urlnormalizer": _normalize_url,
            }.items()
        },
    }
)
