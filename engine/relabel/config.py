"""Relabelling rules as they are written, with Prometheus's own conditions on them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Final, Self

import msgspec

from engine.foundation.decode import Report
from engine.foundation.regexes import Regex
from engine.foundation.values import LabelName, is_label_name

_TARGET: Final = Regex(r"(?:(?:[a-zA-Z_]|\$(?:\{\w+\}|\w+))+\w*)+")
_REGEX: Final = Regex("(.*)")
_SEPARATOR: Final = ";"
_REPLACEMENT: Final = "$1"


ACTIONS: Final = frozenset({
    "replace", "keep", "drop", "keepequal", "dropequal", "hashmod", "labelmap", "labeldrop", "labelkeep", "lowercase",
    "uppercase",
})  # fmt: skip
_CASE: Final = frozenset({"lowercase", "uppercase"})
_EQUAL: Final = frozenset({"keepequal", "dropequal"})
_BY_NAME: Final = frozenset({"labeldrop", "labelkeep"})
_TEMPLATED: Final = _CASE | _EQUAL | {"replace"}


class RelabelAction(str):
    """One of ACTIONS; written in any case."""

    __slots__ = ()

    @classmethod
    def from_text(cls, text: str) -> Self:
        if not text:
            raise ValueError("relabel action cannot be empty")
        if text.lower() not in ACTIONS:
            raise ValueError(f'unknown relabel action "{text}"')
        return cls(text.lower())


class RelabelConfig(msgspec.Struct, frozen=True, kw_only=True):
    """One rule. `regex` matches whole values."""

    source_labels: tuple[LabelName, ...] = ()
    separator: str = _SEPARATOR
    regex: Regex = _REGEX
    modulus: Annotated[int, msgspec.Meta(ge=0)] = 0
    target_label: str = ""
    replacement: str = _REPLACEMENT
    action: RelabelAction = RelabelAction("replace")

    def check(self, report: Report) -> None:
        for condition in _CONDITIONS:
            if not condition(self, report):
                return


def _modulus(rule: RelabelConfig, report: Report) -> bool:
    if rule.action != "hashmod" or rule.modulus:
        return True
    report.error("relabel configuration for hashmod requires non-zero modulus", "modulus")
    return False


def _target(rule: RelabelConfig, report: Report) -> bool:
    if rule.action in _TEMPLATED | {"hashmod"} and not rule.target_label:
        report.error(f"relabel configuration for {rule.action} action requires 'target_label' value", "target_label")
        return False
    name_only = rule.action == "hashmod" and not is_label_name(rule.target_label)
    if name_only or (rule.action in _TEMPLATED and not _TARGET.matches(rule.target_label)):
        report.error(f"\"{rule.target_label}\" is invalid 'target_label' for {rule.action} action", "target_label")
        return False
    return True


def _replacement(rule: RelabelConfig, report: Report) -> bool:
    if rule.action in _CASE | _EQUAL and rule.replacement != _REPLACEMENT:
        report.error(f"'replacement' can not be set for {rule.action} action", "replacement")
        return False
    if rule.action == "labelmap" and not _TARGET.matches(rule.replacement):
        report.error(f"\"{rule.replacement}\" is invalid 'replacement' for {rule.action} action", "replacement")
        return False
    return True


def _nothing_else(rule: RelabelConfig, report: Report) -> bool:
    others = rule.modulus or rule.separator != _SEPARATOR or rule.replacement != _REPLACEMENT
    if rule.action in _EQUAL and (others or report.given("regex")):
        report.error(
            f"{rule.action} action requires only 'source_labels' and `target_label`, and no other fields", "action"
        )
        return False
    if rule.action in _BY_NAME and (others or report.given("source_labels") or rule.target_label):
        report.error(f"{rule.action} action requires only 'regex', and no other fields", "action")
        return False
    return True


_CONDITIONS: Final[tuple[Callable[[RelabelConfig, Report], bool], ...]] = (
    _modulus, _target, _replacement, _nothing_else,
)  # fmt: skip
