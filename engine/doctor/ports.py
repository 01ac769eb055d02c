"""What the checks ask, and what they find."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Any, Protocol, TypeAlias

from msgspec import Struct

from engine.foundation.errors import RemoteError


class Ailment(Struct, frozen=True):
    """Something that is wrong, and the next step. `hurts` is False for what is only worth knowing."""

    text: str
    step: str
    hurts: bool = True


class Sample(Struct, frozen=True):
    """One of an instant vector."""

    labels: Mapping[str, str]
    value: float


class Stack(Protocol):
    """The programs that are asked, each by its component's name."""

    async def get(self, component: str, path: str) -> tuple[int, Any]:
        """Status and body: decoded where it is JSON, else its text. Raises RemoteError where nobody answers."""

    async def query(self, expr: str) -> Sequence[Sample]:
        """An instant vector, now. Raises RemoteError."""


Check: TypeAlias = Callable[[Stack], AsyncIterator[Ailment]]


async def data(stack: Stack, path: str, component: str = "prometheus") -> Any:
    """The `data` of an answer in Prometheus's envelope, None where there is none."""
    status, body = await stack.get(component, path)
    return body.get("data") if status == 200 and isinstance(body, dict) else None


async def failing_discovery(stack: Stack, *, of_promtail: bool) -> list[Ailment]:
    """Sources of targets that fail, of Prometheus's jobs or of Promtail's."""
    found = await data(stack, "/api/v1/status/discovery") or {}
    return [
        Ailment(
            f"discovery fails: {source['source']}: {source['error']}",
            "its last targets are kept; mend the source, and new ones come by themselves",
        )
        for source in found.get("failing", [])
        if source["source"].startswith("promtail: ") is of_promtail
    ]


async def counted(stack: Stack, component: str, name: str, label: str) -> list[tuple[float, str]]:
    """The samples above zero of a counter in a component's own metrics, since its start, each with that label."""
    try:
        status, page = await stack.get(component, "/metrics")
    except RemoteError:
        return []
    if status != 200 or not isinstance(page, str):
        return []
    samples = [line.rpartition(" ") for line in page.splitlines() if line.startswith(f"{name}{{")]
    told = [(float(value), labels.partition(f'{label}="')[2].partition('"')[0]) for labels, _, value in samples]
    return [(value, what) for value, what in told if value > 0]


def span(seconds: float) -> str:
    """`45 s`, `3 min`, `2.5 h`."""
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    for size, unit in ((86_400, "days"), (3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds:.3g} s"
