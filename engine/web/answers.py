"""Answers that are plain text, as Go's library words and marks its errors."""

from __future__ import annotations

from typing import Final

from aiohttp import web

NO_SNIFFING: Final = {"X-Content-Type-Options": "nosniff"}


def plain(status: int, text: str) -> web.Response:
    """An error for a person to read."""
    return web.Response(status=status, text=f"{text}\n", headers=NO_SNIFFING)
