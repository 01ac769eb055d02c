"""`| line_format` and `| label_format`: lines and labels made of templates.

A template sees all labels as a map of texts. One that fails leaves the line as it was, with an error.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Final

from engine.gotemplate.budget import Limits
from engine.gotemplate.containers import GoMap
from engine.gotemplate.errors import TemplateError
from engine.gotemplate.template import MissingKey, parse
from engine.gotemplate.types import STRING_MAP
from engine.logql.pipeline.functions import functions
from engine.logql.pipeline.row import DETAILS, ERROR, Row, Step
from engine.logql.syntax.ast import LabelFormat

KIND: Final = "TemplateFormatErr"
LIMITS: Final = Limits(steps=50_000, output=1 << 20)
"""Of one line."""
_SIMPLE: Final = re.compile(r"(?:[^{]|\{(?!\{))*(?:\{\{ *\.[A-Za-z_][A-Za-z0-9_]* *\}\}(?:[^{]|\{(?!\{))*)*")  # noqa: TID251 - ours, linear
_FIELD: Final = re.compile(r"\{\{ *\.([A-Za-z_][A-Za-z0-9_]*) *\}\}")  # noqa: TID251 - ours, linear

Filled = Callable[[Row], str]


def filler(text: str, now: int) -> Filled:
    """What fills a template from a row. Raises TemplateError at once; ExecutionError when it is filled."""
    if _SIMPLE.fullmatch(text):
        return _simple(text)
    current = Row()
    template = parse("", text, functions(lambda: current.text(), lambda: current.time, now))  # noqa: PLW0108 - rebound

    def fill(row: Row) -> str:
        nonlocal current
        current = row
        return template.execute(GoMap(STRING_MAP, row.all_labels()), missing_key=MissingKey.ZERO, limits=LIMITS)

    return fill


def _simple(text: str) -> Filled:
    """Texts and labels in turn, without anything else."""
    pieces = _FIELD.split(text)

    def fill(row: Row) -> str:
        out = pieces[:]
        out[1::2] = [row.get(name) or "" for name in pieces[1::2]]
        return "".join(out)

    return fill


def labels_of(template: str) -> set[str] | None:
    """The labels that a template reads; None where that can't be told: any."""
    return set(_FIELD.findall(template)) if _SIMPLE.fullmatch(template) else None


def line_step(template: str, now: int) -> Step:
    """Raises TemplateError."""
    fill = filler(template, now)

    def step(row: Row) -> bool:
        try:
            row.line = fill(row).encode("utf-8", "replace")
        except TemplateError as error:
            row.fail(KIND, str(error))
        return True

    return step


def label_step(formats: Sequence[LabelFormat], now: int) -> Step:
    """Raises TemplateError, and ValueError for labels that can't be set."""
    seen: set[str] = set()
    for one in formats:
        if one.label in (ERROR, DETAILS):
            raise ValueError(f"{one.label} cannot be formatted")
        if one.label in seen:
            raise ValueError(f"multiple label name '{one.label}' not allowed in a single format operation")
        seen.add(one.label)
    steps = [_rename(one) if one.rename else _fill(one, now) for one in formats]

    def step(row: Row) -> bool:
        for one in steps:
            one(row)
        return True

    return step


def _rename(one: LabelFormat) -> Callable[[Row], None]:
    def rename(row: Row) -> None:
        value = row.get(one.value)
        if value is not None:
            row.labels.pop(one.value, None)
            row.labels[one.label] = value

    return rename


def _fill(one: LabelFormat, now: int) -> Callable[[Row], None]:
    fill = filler(one.value, now)

    def filled(row: Row) -> None:
        try:
            row.labels[one.label] = fill(row)
        except TemplateError as error:
            row.fail(KIND, str(error))

    return filled
