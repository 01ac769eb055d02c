"""What an attribute's value is, by the attribute's name; and which MIME types are scripts."""

from __future__ import annotations

from enum import Enum, auto
from typing import Final

from engine.gotemplate.html.contexts import Attr


class Content(Enum):
    PLAIN = auto()
    HTML = auto()
    CSS = auto()
    JS = auto()
    URL = auto()
    SRCSET = auto()
    UNSAFE = auto()  # changes what other attributes or the page mean


ATTRS: Final = {Content.CSS: Attr.STYLE, Content.JS: Attr.SCRIPT, Content.URL: Attr.URL, Content.SRCSET: Attr.SRCSET}

_URLS: Final = (
    "action archive background cite classid codebase data formaction href icon longdesc manifest poster profile src "
    "usemap xmlns"
)
_UNSAFE: Final = (
    "accept-charset async challenge charset content crossorigin defer enctype form formenctype formmethod "
    "formnovalidate http-equiv keytype language method novalidate pattern rel sandbox type value"
)
_PLAIN: Final = (
    "accept alt autocomplete autofocus autoplay border checked cols colspan contenteditable contextmenu controls "
    "coords datetime default dir dirname disabled draggable dropzone for formtarget headers height hidden high "
    "hreflang id ismap kind label lang list loop low max maxlength media mediagroup min multiple name open "
    "optimum placeholder preload pubdate radiogroup readonly required reversed rows rowspan spellcheck scope "
    "scoped seamless selected shape size sizes span srclang start step tabindex target title width wrap"
)
_TABLE: Final = {
    **dict.fromkeys(_PLAIN.split(), Content.PLAIN),
    **dict.fromkeys(_URLS.split(), Content.URL),
    **dict.fromkeys(_UNSAFE.split(), Content.UNSAFE),
    "srcdoc": Content.HTML,
    "srcset": Content.SRCSET,
    "style": Content.CSS,
}
_SCRIPTS: Final = frozenset(
    {
        "application/ecmascript", "application/javascript", "application/json", "application/ld+json",
        "application/x-ecmascript", "application/x-javascript", "module", "text/ecmascript", "text/javascript",
        "text/javascript1.0", "text/javascript1.1", "text/javascript1.2", "text/javascript1.3", "text/javascript1.4",
        "text/javascript1.5", "text/jscript", "text/livescript", "text/x-ecmascript", "text/x-javascript",
    }
)  # fmt: skip


def content_of(name: str) -> Content:
    """`name` in lower case. Unknown names that look like handlers or addresses are taken for them."""
    if name.startswith("data-"):
        name = name[5:]
    elif ":" in name:
        prefix, _, name = name.partition(":")
        if prefix == "xmlns":
            return Content.URL
    known = _TABLE.get(name)
    if known is not None:
        return known
    if name.startswith("on"):
        return Content.JS
    return Content.URL if any(part in name for part in ("src", "uri", "url")) else Content.PLAIN


def is_script_type(mime: str) -> bool:
    return mime.partition(";")[0].strip().lower() in _SCRIPTS
