"""`info`: a vector's rows with labels of the series that tell about the same job and instance.

Which information is in force may change from step to step, so a row falls into one for each combination that is met.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from itertools import combinations
from typing import Final, TypeAlias

import numpy as np

from promql.errors import EvaluationError
from promql.model.grid import Grid, merged
from promql.model.labels import METRIC_NAME, Labels
from promql.model.matchers import Matcher
from promql.model.types import BoolArray, IntArray

_IDENTIFYING: Final = ("instance", "job")

Identity: TypeAlias = tuple[str, ...]


def enriched(grid: Grid, infos: Grid, names: Sequence[Matcher], conditions: Sequence[Matcher]) -> Grid:
    """`infos` holds the times of information series' samples (s): the newest one is in force.

    Rows without information are dropped where a condition asks for a label, and else stay as they are.
    Raises EvaluationError where two series are equally new, or where two tell different values of a label.
    """
    plain = [all(matcher.matches(labels.name) for matcher in names) for labels in grid.labels]
    identities = [_identity(labels) for labels in grid.labels]
    wanted = {one for one, alone in zip(identities, plain, strict=True) if not alone and any(one)}
    told = _in_force(infos, wanted)
    taken = frozenset(matcher.name for matcher in conditions)
    lenient = all(matcher.matches("") for matcher in conditions)
    labels: list[Labels] = []
    rows: list[int] = []
    masks: list[BoolArray] = []
    for row, (base, present) in enumerate(zip(grid.labels, grid.present, strict=True)):
        found = [] if plain[row] else told.get(identities[row], [])
        for members, mask in _combinations(found, present):
            if members or lenient or plain[row]:
                labels.append(_joined(base, [infos.labels[i] for i in members], taken))
                rows.append(row)
                masks.append(mask)
    shown = np.array(masks, dtype=np.bool_).reshape(-1, grid.present.shape[1])
    return merged(Grid(labels, grid.values[np.array(rows, dtype=np.int64)], shown))


def _identity(labels: Labels) -> Identity:
    return tuple(labels.get(name) for name in _IDENTIFYING)


def _in_force(infos: Grid, wanted: set[Identity]) -> dict[Identity, list[IntArray]]:
    """For each identity and metric the row that is in force at each step, -1 for none: `int64[T]`."""
    known = [{one[i] for one in wanted if one[i]} for i in range(len(_IDENTIFYING))]
    alike: defaultdict[tuple[Identity, str], list[int]] = defaultdict(list)
    for row, labels in enumerate(infos.labels):
        identity = _identity(labels)
        within = all(not values or value in values for value, values in zip(identity, known, strict=True))
        if identity in wanted and within:
            alike[identity, labels.name].append(row)
    found: defaultdict[Identity, list[IntArray]] = defaultdict(list)
    for (identity, _), rows in sorted(alike.items()):
        found[identity].append(_newest(infos, rows))
    return found


def _newest(infos: Grid, rows: list[int]) -> IntArray:
    times = np.where(infos.present[rows], infos.values[rows], -np.inf)
    for i, j in combinations(range(len(rows)), 2):
        if (infos.present[rows[i]] & (times[i] == times[j]) & (times[i] == times.max(axis=0))).any():
            first, second = infos.labels[rows[i]], infos.labels[rows[j]]
            raise EvaluationError(f"found duplicate series for info metric: existing {first}, new {second}")
    return np.where(infos.present[rows].any(axis=0), np.array(rows)[times.argmax(axis=0)], -1)


def _combinations(told: Sequence[IntArray], present: BoolArray) -> list[tuple[list[int], BoolArray]]:
    """The rows of information that are in force together, and where; in the order in which they are met."""
    if not told:
        return [([], present)]
    columns = np.array(told).T
    kinds, first, place = np.unique(columns, axis=0, return_index=True, return_inverse=True)
    place = place.ravel()
    return [
        ([i for i in kinds[kind].tolist() if i >= 0], present & (place == kind))
        for kind in np.argsort(first).tolist()
        if (present & (place == kind)).any()
    ]


def _joined(base: Labels, infos: Sequence[Labels], taken: frozenset[str]) -> Labels:
    added: dict[str, str] = {}
    for labels in infos:
        for name, value in labels:
            if name == METRIC_NAME or (taken and name not in taken):
                continue
            if added.setdefault(name, value) != value:
                raise EvaluationError(f"conflicting label: {name}")
    return Labels.of({**added, **base.as_dict()})
