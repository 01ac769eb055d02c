"""What a query took, as the parameter `stats` asks for it."""

from __future__ import annotations

from engine.foundation import gojson
from engine.query.engine import Answer
from engine.web.api.encode import instant
from promql.model.grid import Steps


def encoded(answer: Answer, steps: Steps, *, by_step: bool) -> bytes:
    """`{"timings":...,"samples":...}`; times in seconds, sorting is part of evaluating."""
    prepare, inner, queue = answer.prepare_seconds, answer.evaluate_seconds, answer.queue_seconds
    timings = {
        "evalTotalTime": prepare + inner,
        "resultSortTime": 0,
        "queryPreparationTime": prepare,
        "innerEvalTime": inner,
        "execQueueTime": queue,
        "execTotalTime": prepare + inner + queue,
    }
    samples = answer.evaluated.samples
    counts = [] if samples is None else samples.tolist()
    each = ",".join(f"[{instant(ms)},{count}]" for ms, count in zip(steps.times.tolist(), counts, strict=False))
    per_step = f'"totalQueryableSamplesPerStep":[{each}],' if by_step else ""
    told = f'{{{per_step}"totalQueryableSamples":{sum(counts)},"peakSamples":{answer.evaluated.peak}}}'
    return b'{"timings":%b,"samples":%b}' % (gojson.encode(timings), told.encode())
