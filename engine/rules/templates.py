"""Labels and annotations filled in, for templates that may ask queries.

Templates are pure and can't wait, while queries must be waited for. So a template that meets a query whose answer is
not known yet is stopped there, the query is asked, and the template runs again from its start; it is as pure the
second time. Few templates ask anything, and those ask one or two queries.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final, TypeAlias

from msgspec import Struct

from engine.foundation.errors import EngineError
from engine.rules.ports import Evaluate
from engine.rules.recording import as_vector
from promql.model.labels import Labels

if TYPE_CHECKING:
    from engine.gotemplate.functions.prometheus import Query

MAX_QUERIES: Final = 100
_BEYOND_SAMPLE: Final = re.compile(  # noqa: TID251 - ours, linear
    r"""query | xternalLabels | \bnow\b | (?<![\w)\]}"`]) \. (?!\w) | \$ (?!\w)""", re.VERBOSE
)
"""What of a template may give another text for the same sample; a dot or dollar alone is all that there is."""
_BEYOND_LABELS: Final = re.compile(rf"{_BEYOND_SAMPLE.pattern} | [$.][Vv]alue", re.VERBOSE)  # noqa: TID251 - as above

log = logging.getLogger(__name__)

Answer: TypeAlias = Sequence[tuple[Mapping[str, str], float]] | EngineError


class TemplateCounts(Struct):
    """`prometheus_template_text_expansions_total` and `_expansion_failures_total`."""

    expansions: int = 0
    failures: int = 0


def depends_on_sample_alone(text: str) -> bool:
    """Whether a template surely gives the same text for the same labels and value."""
    return _BEYOND_SAMPLE.search(text) is None


def depends_on_labels_alone(text: str) -> bool:
    """Whether a template surely gives the same text for the same labels."""
    return _BEYOND_LABELS.search(text) is None


class _UnansweredError(EngineError):
    """The template needs the answer to a query first."""


class Expander:
    """Fills in templates. External labels and address are those of the newest configuration."""

    def __init__(self, evaluate: Evaluate, external_url: str = "") -> None:
        self.counts = TemplateCounts()
        self.external_labels: Mapping[str, str] = {}
        self._evaluate = evaluate
        self._external_url = external_url

    async def __call__(self, name: str, text: str, labels: Labels, value: float, time: int) -> str:
        """The text of a field of the alert `name`; where the template fails, what Prometheus shows instead."""
        from engine.gotemplate.functions.prometheus import expand  # noqa: PLC0415 - nobody needs it without alerts

        answers: dict[str, Answer] = {}
        self.counts.expansions += 1
        while True:
            missing: list[str] = []
            expansion = expand(
                name,
                text,
                labels=labels.as_dict(),
                external_labels=self.external_labels,
                external_url=self._external_url,
                value=value,
                query=_known(answers, missing),
                now=time / 1000,
            )
            if not missing or len(answers) >= MAX_QUERIES:
                break
            answers[missing[0]] = await self._ask(missing[0], time)
        if expansion.error is not None:
            self.counts.failures += 1
            log.warning("expanding a template of the alert %s failed: %s", name, expansion.error)
        return expansion.text

    async def _ask(self, expression: str, time: int) -> Answer:
        try:
            found = as_vector(await self._evaluate(expression, time))
        except EngineError as error:
            return error
        values = found.values.tolist()
        return [(labels.as_dict(), value) for labels, value in zip(found.labels, values, strict=True)]


def _known(answers: Mapping[str, Answer], missing: list[str]) -> Query:
    """Answers what is known; what is not is noted in `missing`, and fails."""

    def query(expression: str) -> Sequence[tuple[Mapping[str, str], float]]:
        answer = answers.get(expression)
        if answer is None:
            missing.append(expression)
            raise _UnansweredError(f"a template may ask at most {MAX_QUERIES} queries")
        if isinstance(answer, EngineError):
            raise answer
        return answer

    return query
