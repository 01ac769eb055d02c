"""Variables of a dashboard, resolved in the order in which they name each other.

Law: a variable whose values are given is not asked for, unless it is wanted with its options; so a panel costs no query
but its own, where the page says what is chosen.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

from engine.dashboards.frames.results import rows
from engine.dashboards.intervals import interval_of, length, rounded, written
from engine.dashboards.json import objects, whole
from engine.dashboards.model import Variable
from engine.dashboards.patterns import Pattern
from engine.dashboards.sources.ports import Source, SourceError
from engine.dashboards.sources.shelf import Shelf
from engine.dashboards.variables import options, queries
from engine.dashboards.variables.formats import prometheus
from engine.dashboards.variables.interpolate import interpolate, names
from engine.dashboards.variables.options import Option, Resolved
from engine.dashboards.variables.value import ALL, ALL_TEXT, Lookup, Value, chained
from engine.dashboards.view.adhoc import Filter, read
from engine.dashboards.view.asked import Asked, built_in
from engine.foundation.errors import EngineError

_AUTO: Final = "auto"
_WIDTH: Final = 1000


class Resolver:
    """Of one request. `values` are the variables that are resolved so far."""

    def __init__(self, asking: Asked, shelf: Shelf) -> None:
        self._asked = asking
        self._shelf = shelf
        self._by_name = {one.name: one for one in asking.board.variables}
        self._busy: set[str] = set()
        self.found: dict[str, Resolved] = {}
        self.values: dict[str, Value] = {name: Value.one(value) for name, value in asking.scope.items()}
        self.lookup: Lookup = chained(self.values.get, built_in(asking, asking.within))

    async def all(self) -> list[Resolved]:
        """Every variable with its options."""
        for one in self._asked.board.variables:
            await self._resolve(one, with_options=True)
        return [self.found[one.name] for one in self._asked.board.variables]

    async def those(self, wanted: Collection[str]) -> None:
        """The variables that texts name, without options where their values are given."""
        for name in wanted:
            if (one := self._by_name.get(name)) is not None:
                await self._resolve(one, with_options=False)

    async def _resolve(self, one: Variable, *, with_options: bool) -> None:
        if one.name in self.found or one.name in self._busy:
            return
        self._busy.add(one.name)
        given = self._asked.chosen.get(one.name)
        known = None if with_options or given is None else _given(one, given)
        if known is None:
            for name in names(_texts(one)):
                if name != one.name and (other := self._by_name.get(name)) is not None:
                    await self._resolve(other, with_options=with_options)
            known = await self._with_options(one, given)
        self.found[one.name] = known
        if one.name not in self._asked.scope:
            self.values[one.name] = known.value
        if one.kind == "interval":
            self._auto(one, known)

    async def _with_options(self, one: Variable, given: Sequence[str] | None) -> Resolved:
        found, problem = await self._options(one)
        wanted = list(one.current) if given is None else list(given)
        match one.kind:
            case "textbox" | "constant":
                value = wanted[0] if wanted and (given is not None or one.kind == "textbox") else one.query
                return Resolved(one, ((value, value),), Value.one(value))
            case "adhoc":
                return Resolved(one, (), Value(()), problem)
            case _:
                shown = [(ALL_TEXT, ALL), *found] if one.include_all and found else found
                return Resolved(one, tuple(shown), options.chosen(one, found, wanted), problem)

    async def _options(self, one: Variable) -> tuple[list[Option], str]:
        match one.kind:
            case "query":
                return await self._queried(one)
            case "custom":
                return options.custom(interpolate(one.query, self.lookup)), ""
            case "interval":
                auto = [(_AUTO, f"$__auto_interval_{one.name}")] if one.raw.get("auto") else []
                return auto + options.custom(one.query), ""
            case "datasource":
                pattern = Pattern.of(one.regex)
                found = [source.info for source in self._shelf.of_type(one.query)]
                kept = [(info.name, info.uid) for info in found if not one.regex or pattern.finds(info.name)]
                return kept, pattern.problem or ("" if kept else f"there is no data source of type {one.query!r}")
            case "textbox" | "constant" | "adhoc" | "system":
                return [], ""
            case other:
                return list(one.options), f"variables of the kind {other!r} are not known here"

    async def _queried(self, one: Variable) -> tuple[list[Option], str]:
        asking = queries.ask(one)
        if asking is None:
            return [], ""
        try:
            source = self._shelf.find(one.source, self.lookup)
            return options.from_answer(one, await self._answers(asking, source))
        except EngineError as error:
            return [option for option in one.options if option[1] != ALL], str(error)

    async def _answers(self, asking: queries.Ask, source: Source) -> list[str]:
        within = self._asked.within
        start, end = within.start, within.end
        match asking:
            case queries.LabelNames(pattern):
                found = await source.label_names(start, end)
                return _matching(self._filled(pattern), found)
            case queries.LabelValues(label, selector):
                return await source.label_values(self._filled(label), self._filled(selector), start, end)
            case queries.Metrics(pattern):
                return _matching(self._filled(pattern), await source.label_values("__name__", "", start, end))
            case queries.QueryResult(query):
                found_rows = rows(await source.instant(self._filled(query), end))
                return [
                    f"{labels} {_number(values[-1])} {times[-1]}" for labels, times, values in found_rows if len(times)
                ]
            case queries.SeriesNames(selector):
                return [str(labels) for labels in await source.series(self._filled(selector), start, end)]

    def _filled(self, written_: str) -> str:
        seconds = max(self._asked.within.span // 1000, 1)
        span = {"__range": f"{seconds}s", "__range_s": str(seconds), "__range_ms": str(self._asked.within.span)}
        interval = written(interval_of(self._asked.within, _WIDTH))
        named = span | {"__interval": interval, "__rate_interval": "1m"}
        here = chained(self.lookup, {name: Value.one(value) for name, value in named.items()}.get)
        return interpolate(written_, here, prometheus)

    def _auto(self, one: Variable, known: Resolved) -> None:
        count = whole(one.raw.get("auto_count"), 30) or 30
        least = length(str(one.raw.get("auto_min") or "10s"), 10_000)
        auto = written(max(rounded(self._asked.within.span / count), least))
        self.values[f"__auto_interval_{one.name}"] = Value.one(auto)
        if known.value.values and known.value.values[0] in (_AUTO, f"$__auto_interval_{one.name}"):
            self.values[one.name] = Value.one(auto, _AUTO)


def _given(one: Variable, given: Sequence[str]) -> Resolved | None:
    """A value that needs no options; None for one that does."""
    if one.kind == "datasource" or (one.kind == "custom" and one.include_all):
        return None
    is_all = one.include_all and any(value in (ALL, ALL_TEXT) for value in given)
    if is_all and not one.all_value:
        return None
    if is_all:
        return Resolved(one, (), Value(("",), ALL_TEXT, True, True, one.all_value))
    values = tuple(given) if one.multi else tuple(given[:1])
    return Resolved(one, (), Value(values or ("",), " + ".join(values), one.multi or one.include_all))


def filters(asking: Asked, source: Source, shelf: Shelf, lookup: Lookup) -> list[Filter]:
    """Ad hoc filters that hold for a source, as files or the URL say them."""
    found: list[Filter] = []
    for one in asking.board.variables:
        if one.kind != "adhoc":
            continue
        try:
            same = one.source is None or shelf.find(one.source, lookup).info.uid == source.info.uid
        except SourceError:
            same = False
        if same:
            found += asking.filters.get(one.name) or read(objects(one.raw.get("filters")))
    return found


def _texts(one: Variable) -> str:
    """All texts of a variable that may name others."""
    return f"{one.query} {one.regex} {one.raw.get('query')} {one.source}"


def _matching(pattern: str, found: Sequence[str]) -> list[str]:
    return [one for one in found if Pattern.of(pattern).finds(one)] if pattern else list(found)


def _number(value: float) -> str:
    return f"{value:g}"
