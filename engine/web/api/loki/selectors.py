"""Selectors of requests: `{job="a"}`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, TypeAlias

from engine.logql.syntax.parser import parse_matchers
from engine.web.api.form import Params
from promql.model.matchers import Matcher

Selector: TypeAlias = Sequence[Matcher]
_ALL: Final[Selector] = ()


def selector(text: str) -> Selector:
    """`{}` and nothing select everything. Raises LogQLError."""
    return _ALL if text.replace(" ", "") in ("", "{}") else parse_matchers(text)


def selectors(given: Params) -> list[Selector]:
    """Those of `match[]` or `match`; everything where there are none. Raises LogQLError."""
    return [selector(text) for text in (*given.getall("match[]", []), *given.getall("match", []))] or [_ALL]
