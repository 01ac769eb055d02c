"""What a query gave, and what it took."""

from __future__ import annotations

from msgspec import Struct

from engine.foundation import gojson
from engine.query.evaluation import Evaluated
from promql.model.results import Result


class Answer(Struct, frozen=True):
    """A result, and the seconds that preparing, waiting and evaluating took.

    `warnings` tell what is missing in it, `infos` what else is to be known.
    """

    evaluated: Evaluated
    prepare_seconds: float
    queue_seconds: float
    evaluate_seconds: float
    warnings: tuple[str, ...] = ()
    infos: tuple[str, ...] = ()

    @property
    def result(self) -> Result:
        return self.evaluated.result

    def statistics(self, per_step: str = "") -> bytes:
        """`{"timings":...,"samples":...}`; times in seconds, sorting is part of evaluating. `per_step` is the text of
        a further field, with its comma.
        """
        samples = self.evaluated.samples
        total = 0 if samples is None else int(samples.sum())
        told = f'{{{per_step}"totalQueryableSamples":{total},"peakSamples":{self.evaluated.peak}}}'
        timings = timings_of(self.prepare_seconds, self.queue_seconds, self.evaluate_seconds)
        return b'{"timings":%b,"samples":%b}' % (timings, told.encode())


def timings_of(prepare: float, queue: float, inner: float) -> bytes:
    """Seconds, under Prometheus's names."""
    return gojson.encode(
        {
            "evalTotalTime": prepare + inner,
            "resultSortTime": 0,
            "queryPreparationTime": prepare,
            "innerEvalTime": inner,
            "execQueueTime": queue,
            "execTotalTime": prepare + inner + queue,
        }
    )
