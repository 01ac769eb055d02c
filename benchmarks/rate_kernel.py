"""The experiment before the store: `sum by (mode) (rate(x[5m]))` at 360 steps over steady series, churning
series, and series with instants of their own.

Each fleet has 10,000 series alive at any time, over 6 h at 15 s, 14.4 million samples in all. Steady ones come in
20 panels; churning ones have their labels replaced every ten minutes (36 generations of 20 panels); those with
instants of their own lie end to end. Labels come as the store hands them over, with their values numbered by its index.
Churn and own instants may cost at most three times steady.

    python -m benchmarks.rate_kernel
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import numpy as np

from engine.names.index import Index
from engine.tsdb.names.names import SeriesNames
from promql.execute.run import run
from promql.model.labels import Labels
from promql.model.panel import Panel, Selected, Strands
from promql.model.results import Matrix
from promql.model.types import FloatArray
from promql.plan.build import build
from promql.plan.window import Window
from promql.syntax.parser import parse

SERIES = 10_000
TARGETS = 20
HOURS = 6
EVERY = 15_000
START = 1_700_000_000_000
MODES = ("idle", "user", "system", "iowait", "irq", "softirq", "steal", "nice")
QUERY = "sum by (mode) (rate(x[5m]))"

_random = np.random.default_rng(7)


def labels_of(target: int, series: int, generation: int) -> Labels:
    return Labels.of(
        __name__="x",
        cpu=str(series // len(MODES)),
        instance=f"10.0.0.{target}:9100",
        job="node",
        mode=MODES[series % len(MODES)],
        pod=f"pod-{generation}",
    )


def counters(series: int, samples: int) -> FloatArray:
    return _random.integers(0, 20, (series, samples)).cumsum(axis=1).astype(np.float64)


def steady() -> list[Selected]:
    return churning(generations=1)


def churning(generations: int = 36) -> list[Selected]:
    samples = HOURS * 3_600_000 // EVERY // generations
    each = SERIES // TARGETS
    index, panels = Index(), []
    for generation in range(generations):
        for target in range(TARGETS):
            times = START + target * 701 + (np.arange(samples) + generation * samples) * EVERY
            first = (generation * TARGETS + target) * each
            names = named(index, [labels_of(target, i, generation) for i in range(each)], first)
            panels.append(Panel(times, counters(each, samples), names, np.arange(first, first + each)))
    return list(panels)


def own_instants() -> list[Selected]:
    samples = HOURS * 3_600_000 // EVERY
    grid = START + np.arange(samples) * EVERY
    times = (grid + _random.integers(0, EVERY, (SERIES, 1))).ravel()
    names = named(Index(), [labels_of(i % TARGETS, i // TARGETS, 0) for i in range(SERIES)], 0)
    offsets = np.arange(SERIES + 1) * samples
    return [Strands(times, counters(SERIES, samples).ravel(), offsets, names, np.arange(SERIES))]


def named(index: Index, labels: Sequence[Labels], first: int) -> SeriesNames:
    refs = np.arange(first, first + len(labels))
    index.add(refs.tolist(), labels)
    return SeriesNames(labels, refs, index, index.removals, SERIES * 36)


def seconds(selected: Sequence[Selected]) -> float:
    """CPU seconds from the text to the answer, the best of five."""
    end = START + HOURS * 3_600_000
    best = float("inf")
    for _ in range(5):
        begin = time.process_time()
        plan = build(parse(QUERY), Window(end - 359 * 60_000, end, 60_000))
        result = run(plan, dict.fromkeys(plan.needs, selected))
        best = min(best, time.process_time() - begin)
        assert isinstance(result, Matrix)
        assert len(result.labels) == len(MODES)
    return best


def main() -> None:
    fleets: dict[str, Callable[[], list[Selected]]] = {
        "steady": steady,
        "churning": churning,
        "own instants": own_instants,
    }
    took = {name: seconds(make()) for name, make in fleets.items()}
    for name, value in took.items():
        print(f"{name:14} {value:.3f} s  {value / took['steady']:.2f} of steady")


if __name__ == "__main__":
    main()
