"""A template's own text, read for its context and cleaned: comments vanish, and a `<` that opens no tag is escaped."""

from __future__ import annotations

from engine.gotemplate.html.contexts import Context, Delim, State
from engine.gotemplate.html.transitions import after_text


def escaped_text(context: Context, text: str) -> tuple[Context, str]:
    """The context behind the text, and the text to print."""
    pieces: list[str] = []
    at = written = 0
    while at < len(text):
        following, read = after_text(context, text[at:])
        end = at + read
        if context.state in (State.TEXT, State.RCDATA):
            written = _escape_signs(text, at, end, written, pieces, tag_opens=following.state is not context.state)
        elif context.is_comment and context.delim is Delim.NONE:
            pieces.append(_instead_of(context, text[written:end]))
            written = end
        if following.state is not context.state and following.is_comment and following.delim is Delim.NONE:
            opening = 4 if following.state is State.HTML_COMMENT else 2
            pieces.append(text[written : end - opening])
            written = end
        context, at = following, end
    if not context.is_comment or context.delim is not Delim.NONE:
        pieces.append(text[written:])
    return context, "".join(pieces)


def _escape_signs(text: str, begin: int, end: int, written: int, pieces: list[str], *, tag_opens: bool) -> int:
    """Every `<` up to where a tag opens; returns how much of the text is written."""
    if tag_opens:
        end = max(text.rfind("<", begin, end), begin)
    at = text.find("<", begin, end)
    while at >= 0:
        if text[at : at + 9].upper() != "<!DOCTYPE":
            pieces += (text[written:at], "&lt;")
            written = at + 1
        at = text.find("<", at + 1, end)
    return written


def _instead_of(context: Context, comment: str) -> str:
    """A comment separates words, and in scripts its line breaks end statements."""
    if context.state is State.JS_BLOCK_COMMENT:
        return "\n" if any(c in "\n\r\u2028\u2029" for c in comment) else " "
    return " " if context.state is State.CSS_BLOCK_COMMENT else ""
