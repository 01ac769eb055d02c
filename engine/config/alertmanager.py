"""Alertmanager's file, read whole: receivers are complete, the route tree is as written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from engine.alerting.config.document import AlertmanagerConfig, resolve
from engine.alerting.config.matching import check_matching
from engine.alerting.matching.grammar import Grammar
from engine.foundation.decode import Decoded, Report, decode
from engine.foundation.source import Path
from engine.gotemplate.errors import TemplateError
from engine.gotemplate.functions.alertmanager import ALERTMANAGER
from engine.gotemplate.template import parse


def parse_alertmanager(
    source: str | bytes,
    file: str = "alertmanager.yml",
    *,
    environment: Mapping[str, str] | None = None,
    grammar: Grammar = Grammar.BOTH,
) -> Decoded[AlertmanagerConfig]:
    """The file's content with the globals filled into its receivers, and everything that is wrong with it."""

    def check(config: AlertmanagerConfig, report: Report) -> None:
        check_matching(config, report, grammar)
        _check_templates(config, report)

    found = decode(source, AlertmanagerConfig, file, check, environment)
    return Decoded(resolve(found.value), found.findings)


def _check_templates(config: AlertmanagerConfig, report: Report) -> None:
    """The original finds a broken template only when it notifies, and then nobody hears of the alert."""
    for at, text in _texts(config.receivers, ("receivers",)):
        try:
            parse("", text, ALERTMANAGER)
        except TemplateError as error:
            report.warning(f"no notification can be made of this template: {error}", *at)


def _texts(value: Any, at: Path) -> Iterator[tuple[Path, str]]:
    """Every text that is a template, and where it stands."""
    if isinstance(value, str) and "{{" in value:
        yield at, value
    elif isinstance(value, msgspec.Struct):
        for field in msgspec.structs.fields(value):
            yield from _texts(getattr(value, field.name), (*at, field.encode_name))
    elif isinstance(value, Mapping):
        for key, part in value.items():
            yield from _texts(part, (*at, str(key)))
    elif isinstance(value, tuple):
        for index, part in enumerate(value):
            yield from _texts(part, (*at, index))
