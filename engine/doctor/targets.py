"""Targets that are down, by what is wrong with them, and probes that fail."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from typing import Final

from engine.doctor.ports import Ailment, Stack, data, failing_discovery

_MOST_NAMED: Final = 3
_FAILED: Final = "probe_success == 0"
"""The exporter answers well where what it probes does not, so such a target is up."""
# What stands in a scrape's error, what it means, and what to do.
_CAUSES: Final = (
    (r"no such host|name or service not known|server misbehaving", "the name does not resolve",
     "write an address that this machine knows, or start the service that has this name"),
    (r"connection refused", "nobody listens there", "start the service, or correct the port"),
    (r"deadline exceeded|timeout|timed out", "it answers too late",
     "see whether the service hangs; raise scrape_timeout, or make its page smaller"),
    (r"no route to host|network is unreachable", "the network does not lead there", "look at routes and firewalls"),
    (r"HTTP status 40[13]", "it wants to know who asks", "give basic_auth, authorization or a client certificate"),
    (r"HTTP status 404", "there is no such page", "correct metrics_path"),
    (r"HTTP status 3\d\d", "it leads elsewhere, and that is not followed", "name the right path, or follow_redirects"),
    (r"HTTP status 5\d\d", "it fails itself", "look at the log of the service"),
    (r"x509|certificate|tls", "its certificate is not trusted", "name its authority in tls_config.ca_file"),
    (r"no space left|disk is full|no room", "there is no room to keep its samples", "free some of the disk"),
    (r"limit exceeded|body size|too large", "its page is beyond a limit of the job",
     "raise the limit, or drop what nobody needs by metric_relabel_configs"),
    (r"server gave HTTP response to HTTPS|first record does not look like a TLS", "it does not speak TLS",
     "use scheme: http"),
    (r"expected|unexpected|invalid|parse|data does not end|strconv", "its page can't be read",
     "look at the page of the target: the first bad line is marked there"),
)  # fmt: skip


async def check(stack: Stack) -> AsyncIterator[Ailment]:
    found = await data(stack, "/api/v1/targets?state=active")
    targets = (found or {}).get("activeTargets", [])
    if not targets:
        yield Ailment("nothing is scraped", "name targets under scrape_configs in prometheus.yml")
    by_cause: dict[tuple[str, str], list[tuple[str, str]]] = defaultdict(list)
    for target in targets:
        if target["health"] == "down":
            by_cause[cause_of(target["lastError"])].append((target["scrapePool"], target["scrapeUrl"]))
    for (cause, step), down in by_cause.items():
        yield Ailment(f"down: {_named(down)}: {cause}", step)
    probed = [(one.labels.get("job", ""), one.labels.get("instance", "")) for one in await stack.query(_FAILED)]
    if probed:
        yield Ailment(
            f"probes fail: {_named(probed)}",
            "/probe?target=...&module=...&debug=true of the blackbox exporter shows each step of a probe",
        )
    for ailment in await failing_discovery(stack, of_promtail=False):
        yield ailment


def _named(found: Sequence[tuple[str, str]]) -> str:
    """The first few, each a job and what it asks."""
    more = f" and {len(found) - _MOST_NAMED} more" if len(found) > _MOST_NAMED else ""
    return ", ".join(f"{where} (job {job})" for job, where in found[:_MOST_NAMED]) + more


def cause_of(error: str) -> tuple[str, str]:
    """What a scrape's error means, and the next step."""
    for pattern, cause, step in _CAUSES:
        if re.search(pattern, error, re.IGNORECASE):
            return f"{cause} ({error})", step
    return error or "it was never reached", "look at the page of targets"
