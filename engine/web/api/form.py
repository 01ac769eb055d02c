"""Parameters as Go reads them: from a form body first, then from the query string."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterator
from typing import Final, TypeAlias
from urllib.parse import unquote_plus, unquote_to_bytes

from aiohttp import web
from multidict import MultiDict, MultiMapping

from engine.web.api.envelope import ApiError

Params: TypeAlias = MultiMapping[str]
Page: TypeAlias = Callable[[Params], Awaitable[web.Response]]
"""What answers to parameters alone, wherever they come from."""

_FORM: Final = "application/x-www-form-urlencoded"
_HEX: Final = frozenset("0123456789abcdefABCDEF")
_NO_ESCAPE: Final = re.compile("%(?![0-9a-fA-F]{2})")  # noqa: TID251 - ours, linear


async def read(request: web.Request) -> Params:
    """All parameters; a body that is no form is not looked at."""
    return MultiDict(pair for text in await _texts(request) for pair in parse(text))


async def read_strictly(request: web.Request) -> Params:
    """The same, where a pair that can't be read is not passed over. Raises ApiError."""
    for text in await _texts(request):
        if (found := _fault(text)) is not None:
            raise ApiError("bad_data", f"error parsing form values: {found}")
    return await read(request)


def of_form(page: Page) -> Callable[[web.Request], Awaitable[web.Response]]:
    """The page as the answer to a request."""

    async def answer(request: web.Request) -> web.Response:
        return await page(await read(request))

    return answer


def query(request: web.Request) -> Params:
    """The parameters of the query string alone."""
    return MultiDict(parse(_query_string(request)))


def parse(text: str) -> Iterator[tuple[str, str]]:
    """Names and values; a pair that can't be read (a semicolon, a percent sign without its digits) is left out."""
    for pair in text.split("&"):
        if pair and ";" not in pair and _is_escaped(pair):
            name, _, value = pair.partition("=")
            yield _plain(name), _plain(value)


def fault(request: web.Request) -> str | None:
    """What is wrong with the query string, in Go's words; None where nothing is."""
    return _fault(_query_string(request))


async def _texts(request: web.Request) -> list[str]:
    """Those of which parameters are made."""
    of_query = _query_string(request)
    if request.method in ("POST", "PUT") and request.content_type == _FORM:
        return [(await request.read()).decode(errors="replace"), of_query]
    return [of_query]


def _query_string(request: web.Request) -> str:
    return request.raw_path.partition("?")[2]


def _fault(text: str) -> str | None:
    for pair in text.split("&"):
        if ";" in pair:
            return "invalid semicolon separator in query"
        if not _is_escaped(pair):
            at = next(rest for rest in pair.split("%")[1:] if len(rest) < 2 or not _HEX.issuperset(rest[:2]))
            return f'invalid URL escape "%{at[:2]}"'
    return None


def _plain(text: str) -> str:
    """What is meant by escaped text; `unquote_plus` takes twice as long, for the sake of what is no ASCII."""
    if "%" not in text and "+" not in text:
        return text
    if not text.isascii():
        return unquote_plus(text)
    return unquote_to_bytes(text.replace("+", " ")).decode(errors="replace")


def _is_escaped(pair: str) -> bool:
    return "%" not in pair or _NO_ESCAPE.search(pair) is None
