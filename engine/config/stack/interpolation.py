"""Variables in a compose file: `$NAME`, `${NAME}`, `${NAME:-default}`, `${NAME:?message}`, `${NAME:+other}`, and `$$`.

The Compose Specification says what they mean. Names are looked up in the environment, then in `.env` beside the file.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from engine.foundation.errors import ConfigError

_FORM: Final = re.compile(  # noqa: TID251 - ours, linear
    r"\$(?:(?P<dollar>\$)|(?P<bare>[A-Za-z_]\w*)|\{(?P<name>[A-Za-z_]\w*)(?:(?P<how>:?[-?+])(?P<other>(?:[^{}]|\{[^}]*\})*))?\})"
)
_LINE: Final = re.compile(r"(?:export\s+)?([A-Za-z_][\w.-]*)\s*=\s*(.*)")  # noqa: TID251 - ours, linear


def interpolate(text: str, environment: Mapping[str, str]) -> str:
    """The text with what its variables stand for; one that nobody set is empty. Raises ConfigError for `${X:?why}`."""

    def value(found: re.Match[str]) -> str:
        if found["dollar"]:
            return "$"
        name = found["bare"] or found["name"]
        given, how, other = environment.get(name), found["how"] or "", found["other"] or ""
        there = bool(given) if how.startswith(":") else given is not None
        if how.endswith("+"):
            return interpolate(other, environment) if there else ""
        if how.endswith("?") and not there:
            raise ConfigError(f"the variable {name} is not set: {other or 'the compose file needs it'}")
        return given or "" if there or not how.endswith("-") else interpolate(other, environment)

    return _FORM.sub(value, text)


def dotenv(path: Path) -> dict[str, str]:
    """The variables of an `.env` file; none where there is no such file. Raises ConfigError."""
    try:
        lines = path.read_text("utf-8").splitlines()
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return {}
    except OSError as error:
        raise ConfigError(f"{path}: can't be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{path}: it is not UTF-8") from None
    found: dict[str, str] = {}
    for line in lines:
        if (match := _LINE.fullmatch(line.strip())) is not None:
            found[match[1]] = _unquoted(match[2])
    return found


def _unquoted(text: str) -> str:
    """Without its quotes, or without a comment behind it."""
    if text[:1] in ("'", '"') and text[:1] in text[1:]:
        return text[1 : text.index(text[0], 1)]
    return text.partition(" #")[0].strip()
