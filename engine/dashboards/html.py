"""Texts of dashboards as HTML that can do no harm.

Law: what comes out is built anew from a list of harmless tags and attributes; addresses are http, https, mailto or
relative; there are no scripts, styles that load, forms or frames, whatever comes in.
"""

from __future__ import annotations

import html
import re
from html.parser import HTMLParser
from typing import Final

_TAGS: Final = frozenset({
    "a", "abbr", "b", "blockquote", "br", "caption", "center", "code", "col", "colgroup", "dd", "del", "details",
    "div", "dl", "dt", "em", "figcaption", "figure", "font", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "img",
    "ins", "kbd", "li", "mark", "ol", "p", "pre", "q", "s", "samp", "small", "span", "strike", "strong", "sub",
    "summary", "sup", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "tt", "u", "ul", "var",
})  # fmt: skip
_EMPTY: Final = frozenset({"br", "hr", "img", "col"})
_SILENT: Final = frozenset(
    {"script", "style", "iframe", "object", "embed", "template", "noscript", "svg", "math", "textarea"}
)
_ATTRIBUTES: Final = frozenset({
    "href", "src", "alt", "title", "width", "height", "align", "valign", "colspan", "rowspan", "style", "color",
    "size", "target", "open", "start", "lang", "dir", "border", "cellpadding", "cellspacing", "bgcolor",
})  # fmt: skip
_STYLES: Final = frozenset({
    "color", "background-color", "text-align", "font-size", "font-weight", "font-style", "font-family", "padding",
    "padding-left", "padding-right", "padding-top", "padding-bottom", "margin", "margin-left", "margin-right",
    "margin-top", "margin-bottom", "width", "height", "line-height", "text-decoration", "vertical-align", "border",
    "border-radius", "border-collapse", "display", "white-space", "max-width", "max-height", "list-style", "opacity",
})  # fmt: skip
_ADDRESS: Final = re.compile(r"\s*(?:https?:|mailto:|/|#|\?|\.{0,2}/|[^:/?#]*(?:[/?#]|$))", re.IGNORECASE)  # noqa: TID251
_PICTURE: Final = re.compile(r"data:image/(?:png|gif|jpeg|webp);base64,[A-Za-z0-9+/=]+")  # noqa: TID251 - ours, linear
_UNSAFE_STYLE: Final = re.compile(r"url|expression|[\\@<>{}]|/\*", re.IGNORECASE)  # noqa: TID251 - ours, linear


def markdown(text: str) -> str:
    """CommonMark with tables, and with the harmless part of its HTML."""
    from markdown_it import MarkdownIt  # noqa: PLC0415 - few need it

    renderer = MarkdownIt("commonmark", {"html": True, "linkify": False}).enable(["table", "strikethrough"])
    return sanitised(str(renderer.render(text)))


def sanitised(text: str) -> str:
    """The harmless part."""
    reader = _Reader()
    reader.feed(text)
    reader.close()
    return reader.result()


class _Reader(HTMLParser):
    """Writes what it reads, without what could do harm."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._pieces: list[str] = []
        self._open: list[str] = []
        self._silent = 0

    def result(self) -> str:
        return "".join(self._pieces) + "".join(f"</{tag}>" for tag in reversed(self._open))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _SILENT:
            self._silent += 1
        elif not self._silent and tag in _TAGS:
            self._pieces.append(f"<{tag}{_attributes(tag, attrs)}>")
            if tag not in _EMPTY:
                self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _SILENT:
            self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if tag in _SILENT:
            self._silent = max(self._silent - 1, 0)
        elif not self._silent and tag in self._open:
            while (last := self._open.pop()) != tag:
                self._pieces.append(f"</{last}>")
            self._pieces.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self._pieces.append(html.escape(data, quote=False))


def _attributes(tag: str, attrs: list[tuple[str, str | None]]) -> str:
    kept = []
    for name, given in attrs:
        value = given or ""
        if name not in _ATTRIBUTES:
            continue
        if name in ("href", "src") and not _is_harmless(name, value):
            continue
        if name == "style":
            value = _style(value)
        kept.append((name, value))
    if tag == "a":
        kept.append(("rel", "noopener noreferrer"))
    return "".join(f' {name}="{html.escape(value)}"' for name, value in kept)


def _is_harmless(name: str, value: str) -> bool:
    cleaned = "".join(char for char in value if char > " ")
    return bool(_ADDRESS.match(cleaned)) or (name == "src" and bool(_PICTURE.fullmatch(cleaned)))


def _style(value: str) -> str:
    kept = []
    for rule in value.split(";"):
        name, colon, what = rule.partition(":")
        if colon and name.strip().lower() in _STYLES and not _UNSAFE_STYLE.search(what):
            kept.append(f"{name.strip().lower()}: {what.strip()}")
    return "; ".join(kept)
