"""`/api/v1/rules/preview`: the rules in force (GET), or those of a rule file in the body (POST), replayed over history.

Parameters: `end` (now), `start` or `since` (a duration before the end, 6h), `alert` (only the rule of that name).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from aiohttp import web
from msgspec.structs import replace

from engine.foundation.clock import Clock
from engine.foundation.errors import ConfigError
from engine.rules.preview.document import document
from engine.rules.preview.replay import GroupReplay, Replayer
from engine.rules.spec import AlertingRule, GroupSpec
from engine.web.api import form, params
from engine.web.api.envelope import ApiError, answering, success

SINCE: Final = "6h"
MOST_INSTANTS: Final = 50_000

Written = Callable[[bytes], Sequence[GroupSpec]]
"""The groups of a rule file; raises ConfigError with all its mistakes."""


def routes(
    replay: Replayer, in_force: Callable[[], Sequence[GroupSpec]], written: Written, clock: Clock
) -> list[web.RouteDef]:
    async def answer(request: web.Request, groups: Sequence[GroupSpec]) -> web.Response:
        given = form.query(request)
        start, end = _span(given, clock.now_ms())
        if any((end - start) // group.interval > MOST_INSTANTS for group in groups):
            raise ApiError("bad_data", f"more than {MOST_INSTANTS} evaluations of a group: ask for a shorter span")
        found = await replay(groups, start, end)
        return success(document(_only(found, given.get("alert", "")), start, end))

    async def of_these(request: web.Request) -> web.Response:
        return await answer(request, in_force())

    async def of_those(request: web.Request) -> web.Response:
        try:
            groups = written(await request.read())
        except ConfigError as error:
            raise ApiError("bad_data", str(error)) from None
        return await answer(request, groups)

    return [web.get("/rules/preview", answering(of_these)), web.post("/rules/preview", answering(of_those))]


def _span(given: form.Params, now: int) -> tuple[int, int]:
    end = params.time_of(given, "end", now)
    if given.get("start", ""):
        start = params.required_time(given, "start")
    else:
        try:
            start = end - round(params.parse_duration(given.get("since", SINCE)) * 1000)
        except ValueError as error:
            raise params.invalid("since", error) from None
    if not start < end:
        raise params.invalid("start", "the span must begin before its end")
    return start, end


def _only(groups: Sequence[GroupReplay], alert: str) -> Sequence[GroupReplay]:
    if not alert:
        return groups
    kept = [replace(group, rules=tuple(one for one in group.rules if _is(one.rule, alert))) for group in groups]
    return [group for group in kept if group.rules]


def _is(rule: object, alert: str) -> bool:
    return isinstance(rule, AlertingRule) and rule.name == alert
