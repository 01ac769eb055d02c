"""What a query took, as the parameter `stats` asks for it."""

from __future__ import annotations

from engine.query.answer import Answer
from engine.web.api.encode import instant
from promql.model.grid import Steps


def encoded(answer: Answer, steps: Steps, *, by_step: bool) -> bytes:
    if not by_step:
        return answer.statistics()
    samples = answer.evaluated.samples
    counts = [] if samples is None else samples.tolist()
    each = ",".join(f"[{instant(ms)},{count}]" for ms, count in zip(steps.times.tolist(), counts, strict=False))
    return answer.statistics(f'"totalQueryableSamplesPerStep":[{each}],')
