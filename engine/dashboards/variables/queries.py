"""What a query variable asks its source for, in all forms in which files say it."""

from __future__ import annotations

import re
from typing import Final, TypeAlias

from msgspec import Struct

from engine.dashboards.json import objects, text, whole
from engine.dashboards.model import Variable
from promql.model.labels import quote

_NAMES: Final = re.compile(r"\s*label_names\((?:\s*(.*?)\s*)?\)\s*", re.DOTALL)  # noqa: TID251 - ours, linear
_VALUES: Final = re.compile(r"\s*label_values\(\s*(?:(.+),\s*)?([a-zA-Z_$][\w.$]*)\s*\)\s*", re.DOTALL)  # noqa: TID251
_METRICS: Final = re.compile(r"\s*metrics\((.*)\)\s*", re.DOTALL)  # noqa: TID251 - ours, linear
_RESULT: Final = re.compile(r"\s*query_result\((.*)\)\s*", re.DOTALL)  # noqa: TID251 - ours, linear


class LabelNames(Struct, frozen=True):
    """Those that match."""

    pattern: str = ""


class LabelValues(Struct, frozen=True):
    """Of a label; without a selector of all series."""

    label: str
    selector: str = ""


class Metrics(Struct, frozen=True):
    """Names that match."""

    pattern: str


class QueryResult(Struct, frozen=True):
    """Rows `name{a="b"} value time`."""

    query: str


class SeriesNames(Struct, frozen=True):
    """Series that a selector finds, as they are written."""

    selector: str


Ask: TypeAlias = LabelNames | LabelValues | Metrics | QueryResult | SeriesNames


def ask(variable: Variable) -> Ask | None:
    """None where nothing is asked."""
    given = variable.raw.get("query")
    if isinstance(given, dict) and not isinstance(given.get("query"), str):
        return _loki(given) if "type" in given or "stream" in given else _object(given)
    if isinstance(given, dict) and whole(given.get("qryType")) in (3, 4) and not _RESULT.fullmatch(variable.query):
        return QueryResult(variable.query) if whole(given["qryType"]) == 3 else SeriesNames(variable.query)
    return of_text(variable.query)


def of_text(query: str) -> Ask | None:
    """The classic form."""
    if found := _NAMES.fullmatch(query):
        return LabelNames(found[1] or "")
    if found := _VALUES.fullmatch(query):
        return LabelValues(found[2], (found[1] or "").strip())
    if found := _METRICS.fullmatch(query):
        return Metrics(found[1].strip())
    if found := _RESULT.fullmatch(query):
        return QueryResult(found[1].strip())
    return SeriesNames(query.strip()) if query.strip() else None


def _object(given: dict[str, object]) -> Ask | None:
    """Grafana 9.4's editor."""
    filters = ",".join(
        f"{text(one.get('label'))}{text(one.get('op'), '=')}{quote(text(one.get('value')))}"
        for one in objects(given.get("labelFilters"))
    )
    metric = text(given.get("metric"))
    match whole(given.get("qryType")):
        case 0:
            return LabelNames(text(given.get("match")))
        case 1:
            selector = f"{metric}{{{filters}}}" if filters else metric
            return LabelValues(text(given.get("label")), selector)
        case 2:
            return Metrics(text(given.get("metric")) or ".*")
        case 3:
            return QueryResult(text(given.get("varQuery")))
        case 4:
            return SeriesNames(text(given.get("seriesQuery")))
        case _:
            return None


def _loki(given: dict[str, object]) -> Ask:
    if whole(given.get("type")) == 0 and given.get("type") != "1":
        return LabelNames()
    return LabelValues(text(given.get("label")), text(given.get("stream")))
