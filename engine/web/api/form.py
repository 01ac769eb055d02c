"""Parameters as Go reads them: from a form body first, then from the query string."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from typing import Final, TypeAlias
from urllib.parse import unquote_plus

from aiohttp import web
from multidict import MultiDict, MultiMapping

Params: TypeAlias = MultiMapping[str]
Page: TypeAlias = Callable[[Params], Awaitable[web.Response]]
"""What answers to parameters alone, wherever they come from."""

_FORM: Final = "application/x-www-form-urlencoded"
_HEX: Final = frozenset("0123456789abcdefABCDEF")


async def read(request: web.Request) -> Params:
    """All parameters; a body that is no form is not looked at."""
    params: MultiDict[str] = MultiDict()
    if request.method in ("POST", "PUT") and request.content_type == _FORM:
        params.extend(parse((await request.read()).decode(errors="replace")))
    params.extend(query(request))
    return params


def of_form(page: Page) -> Callable[[web.Request], Awaitable[web.Response]]:
    """The page as the answer to a request."""

    async def answer(request: web.Request) -> web.Response:
        return await page(await read(request))

    return answer


def query(request: web.Request) -> Params:
    """The parameters of the query string alone."""
    return MultiDict(parse(request.raw_path.partition("?")[2]))


def parse(text: str) -> Iterator[tuple[str, str]]:
    """Names and values; a pair that can't be read (a semicolon, a percent sign without its digits) is left out."""
    for pair in text.split("&"):
        if pair and ";" not in pair and _is_escaped(pair):
            name, _, value = pair.partition("=")
            yield unquote_plus(name), unquote_plus(value)


def fault(request: web.Request) -> str | None:
    """What is wrong with the query string, in Go's words; None where nothing is."""
    for pair in request.raw_path.partition("?")[2].split("&"):
        if ";" in pair:
            return "invalid semicolon separator in query"
        if not _is_escaped(pair):
            at = next(rest for rest in pair.split("%")[1:] if len(rest) < 2 or not _HEX.issuperset(rest[:2]))
            return f'invalid URL escape "%{at[:2]}"'
    return None


def _is_escaped(pair: str) -> bool:
    return all(len(rest) >= 2 and _HEX.issuperset(rest[:2]) for rest in pair.split("%")[1:])
