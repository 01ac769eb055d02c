"""The templates of a config: the built-in ones, then the user's files, which may define any of them anew.

Every file is read twice, as text and as HTML: what a receiver fills decides which of the two it uses.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Final

from engine.foundation.errors import ConfigError
from engine.foundation.files import matching
from engine.gotemplate.errors import TemplateError
from engine.gotemplate.functions.alertmanager import ALERTMANAGER
from engine.gotemplate.template import Mode, TemplateSet
from engine.gotemplate.values import GoValue

BUILT_IN: Final = ("default.tmpl", "email.tmpl")


class Templates:
    """Fills texts of receivers. Immutable once built."""

    def __init__(self, sources: Sequence[tuple[str, str]] = ()) -> None:
        """`sources` are names and texts of the user's files, in order. Raises TemplateError."""
        self._text = TemplateSet(ALERTMANAGER)
        self._html = TemplateSet(ALERTMANAGER, mode=Mode.HTML)
        for name, text in (*_built_in(), *sources):
            self._text.add(name, text)
            self._html.add(name, text)

    def text(self, template: str, data: GoValue) -> str:
        """Raises TemplateError."""
        return self._text.execute(template, data)

    def html(self, template: str, data: GoValue) -> str:
        """The same with everything escaped for the place where it stands. Raises TemplateError."""
        return self._html.execute(template, data)


def load_templates(patterns: Sequence[str], folder: Path) -> Templates:
    """The built-in templates and all files that match, sorted per pattern. Raises ConfigError naming the file."""
    sources = []
    for pattern in patterns:
        for path in matching(str(folder / pattern)):
            try:
                sources.append((path.name, path.read_text(encoding="utf-8")))
            except (OSError, UnicodeDecodeError) as error:
                raise ConfigError(f"{path}: can't read this template file: {error}") from None
    try:
        return Templates(sources)
    except TemplateError as error:
        raise ConfigError(str(error)) from None


@lru_cache(maxsize=1)
def _built_in() -> tuple[tuple[str, str], ...]:
    folder = files("engine.alerting.notify") / "templates"
    return tuple((name, (folder / name).read_text(encoding="utf-8")) for name in BUILT_IN)
