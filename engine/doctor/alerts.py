"""Alerts that come late, or not at all."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Final

from engine.doctor.ports import Ailment, Stack, counted, data, span
from engine.foundation.errors import RemoteError

_RULES: Final = ("/api/v1/rules", "/prometheus/api/v1/rules")
"""Those over metrics, and those over lines, both at the first port."""


async def check(stack: Stack) -> AsyncIterator[Ailment]:
    for finder in (_rules, _sending, _alertmanager):
        async for ailment in finder(stack):
            yield ailment


async def _rules(stack: Stack) -> AsyncIterator[Ailment]:
    over_metrics, over_lines = [await data(stack, path) or {} for path in _RULES]
    for group in [*over_metrics.get("groups", []), *over_lines.get("groups", [])]:
        for rule in group["rules"]:
            if rule["health"] == "err":
                yield Ailment(
                    f"the rule {rule['name']} fails: {rule.get('lastError', '')}", f"mend it in {group['file']}"
                )
        if group["evaluationTime"] > group["interval"]:
            yield Ailment(
                f"the rules of {group['name']} take {span(group['evaluationTime'])} of the {span(group['interval'])} "
                "that they have",
                "split the group, record what its rules share, or give it a longer interval",
            )
    for one in await stack.query("increase(prometheus_rule_group_iterations_missed_total[1h]) > 0"):
        yield Ailment(
            f"{one.value:.0f} turns of {one.labels.get('rule_group', 'a group')} were missed in an hour",
            "its rules take too long, or the machine is too busy",
        )


async def _sending(stack: Stack) -> AsyncIterator[Ailment]:
    rules = await data(stack, "/api/v1/rules?type=alert") or {}
    known = await data(stack, "/api/v1/alertmanagers") or {}
    if any(group["rules"] for group in rules.get("groups", [])) and not known.get("activeAlertmanagers"):
        yield Ailment("there are alerting rules, and no Alertmanager to tell", "name one under alerting.alertmanagers")
    for expr, text in (
        ("increase(prometheus_notifications_dropped_total[1h]) > 0", "alerts were dropped before they were sent"),
        ("increase(prometheus_notifications_errors_total[1h]) > 0", "posts to an Alertmanager failed"),
    ):
        for one in await stack.query(expr):
            place = one.labels.get("alertmanager", "")
            yield Ailment(
                f"{one.value:.0f} {text} in an hour{f' ({place})' if place else ''}",
                "see whether the Alertmanager answers, and what its log says",
            )


async def _alertmanager(stack: Stack) -> AsyncIterator[Ailment]:
    try:
        status, _ = await stack.get("alertmanager", "/api/v2/status")
    except RemoteError as error:
        yield Ailment(f"no Alertmanager answers: {error}", "give the engine its file, or start it", hurts=False)
        return
    if status != 200:
        return
    for value, integration in await counted(
        stack, "alertmanager", "alertmanager_notifications_failed_total", "integration"
    ):
        yield Ailment(
            f"{value:.0f} notifications by {integration} failed since the start",
            "`engine receiver test NAME` shows what the receiver answers",
        )
    status, held = await stack.get("alertmanager", "/api/v2/notifications/withheld")
    if status == 200 and held:
        yield Ailment(
            f"not sent, since beyond this machine: {len(held)} notification{'' if len(held) == 1 else 's'}",
            "--deliver sends them, --deliver RECEIVER those of one receiver",
            hurts=False,
        )
    status, silences = await stack.get("alertmanager", "/api/v2/silences")
    active = [one for one in silences if one["status"]["state"] == "active"] if status == 200 else []
    if active:
        yield Ailment(
            f"active silences: {len(active)}", "`engine silence query` lists them; they may hold back what you miss",
            hurts=False,
        )  # fmt: skip
