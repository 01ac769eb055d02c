"""`/user/`: the files of `--web.user-assets`, as they lie there."""

from __future__ import annotations

import html
from mimetypes import guess_type
from pathlib import Path
from typing import Final
from urllib.parse import quote

from aiohttp import web

from engine.web.answers import plain

_INDEX: Final = "index.html"
_NOWHERE: Final = "404 page not found"


def routes(folder: Path | None) -> list[web.RouteDef]:
    """None where no folder was named."""
    if folder is None:
        return []

    async def asset(request: web.Request) -> web.StreamResponse:
        try:
            return _answer(folder, request.match_info["path"])
        except (OSError, RuntimeError, ValueError):  # not to be read, links in a circle, a name that no file can have
            return plain(404, _NOWHERE)

    return [web.get("/user/{path:.*}", asset)]


def _answer(folder: Path, named: str) -> web.StreamResponse:
    path = (folder / named).resolve()
    if not path.is_relative_to(folder.resolve()) or not path.exists():
        return plain(404, _NOWHERE)
    if not path.is_dir():
        return _file(path)
    if named and not named.endswith("/"):
        return web.Response(status=301, headers={"Location": f"{path.name}/"})
    index = path / _INDEX
    return _file(index) if index.is_file() else _listing(path)


def _file(path: Path) -> web.FileResponse:
    kind, _ = guess_type(path.name)
    told = {"Content-Type": f"{kind}; charset=utf-8"} if kind is not None and kind.startswith("text/") else None
    return web.FileResponse(path, headers=told)


def _listing(folder: Path) -> web.Response:
    names = sorted(f"{one.name}/" if one.is_dir() else one.name for one in folder.iterdir())
    lines = "".join(f'<a href="{quote(name)}">{html.escape(name)}</a>\n' for name in names)
    return web.Response(text=f"<pre>\n{lines}</pre>\n", content_type="text/html")
