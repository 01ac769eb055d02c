"""PromQL: grammar, plan and vectorised evaluation. No storage, no I/O.

As a library: `from promql import parse, format, evaluate` (see docs/promql.md). The names are fetched when they are
first asked for, so that a program that only parses does not import what evaluates.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from promql.errors import EvaluationError, ParseError, PromQLError
    from promql.library import evaluate, format  # noqa: A004 - its name in the language's own API
    from promql.model.labels import Labels
    from promql.model.results import Matrix, RawMatrix, Scalar, String, Vector
    from promql.syntax.parser import parse

_HOMES: Final = {
    "EvaluationError": "promql.errors",
    "Labels": "promql.model.labels",
    "Matrix": "promql.model.results",
    "ParseError": "promql.errors",
    "PromQLError": "promql.errors",
    "RawMatrix": "promql.model.results",
    "Scalar": "promql.model.results",
    "String": "promql.model.results",
    "Vector": "promql.model.results",
    "evaluate": "promql.library",
    "format": "promql.library",
    "parse": "promql.syntax.parser",
}

__all__ = [
    "EvaluationError",
    "Labels",
    "Matrix",
    "ParseError",
    "PromQLError",
    "RawMatrix",
    "Scalar",
    "String",
    "Vector",
    "evaluate",
    "format",
    "parse",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
