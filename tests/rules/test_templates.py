"""Templates of alerts, with queries that must be waited for."""

from __future__ import annotations

import pytest

from engine.rules.templates import MAX_QUERIES, Expander
from promql.errors import EvaluationError
from promql.model.labels import Labels
from promql.model.results import Result, Scalar
from tests.rules.fakes import Answer, FakeEvaluator, vector

LABELS = Labels.of({"__name__": "up", "job": "api"})


async def filled(text: str, answers: dict[str, Answer] | None = None, expander: Expander | None = None) -> str:
    expander = expander or Expander(FakeEvaluator(answers or {}), "http://here:9090/prom")
    return await expander("Down", text, LABELS, 0.25, 5000)


async def test_labels_value_and_address_are_at_hand() -> None:
    text = "{{ $labels.job }} {{ .Labels.__name__ }} {{ $value }} {{ $labels.none }}| {{ $externalURL }}"
    assert await filled(text) == "api up 0.25 | http://here:9090/prom"


async def test_external_labels_are_those_of_the_newest_configuration() -> None:
    expander = Expander(FakeEvaluator())
    expander.external_labels = {"region": "eu"}
    assert await filled("{{ $externalLabels.region }}", expander=expander) == "eu"


async def test_a_query_is_waited_for_and_asked_at_the_evaluations_instant() -> None:
    evaluate = FakeEvaluator({"up": vector(({"__name__": "up", "job": "b"}, 3.0), ({"job": "a"}, 4.0))})
    text = '{{ range query "up" | sortByLabel "job" }}{{ .Labels.job }}={{ .Value }} {{ end }}'
    assert await filled(text, expander=Expander(evaluate)) == "a=4 b=3 "
    assert evaluate.asked == [("up", 5000)]


async def test_queries_may_depend_on_one_another() -> None:
    answers = {"x": vector(({"next": "y"}, 1.0)), "y": vector(({}, 7.0))}
    text = '{{ with query "x" }}{{ query (. | first | label "next") | first | value }}{{ end }}'
    assert await filled(text, answers) == "7"


async def test_a_scalar_is_a_sample_without_labels() -> None:
    answers: dict[str, Answer] = {"scalar(x)": lambda time: Scalar(time, 2.0)}
    assert await filled('{{ query "scalar(x)" | first | value }}', answers) == "2"


async def test_a_query_that_fails_shows_in_the_field_and_is_counted() -> None:
    def answer(_time: int) -> Result:
        raise EvaluationError("it is broken")

    expander = Expander(FakeEvaluator({"x": answer}))
    text = await filled('{{ query "x" }}', expander=expander)
    assert text.startswith("<error expanding template: error executing template __alert_Down: ")
    assert text.endswith("error calling query: it is broken>")
    assert (expander.counts.expansions, expander.counts.failures) == (1, 1)


async def test_a_template_that_asks_too_much_is_stopped() -> None:
    evaluate = FakeEvaluator({str(number): vector(({}, 1.0)) for number in range(MAX_QUERIES + 50)})
    calls = "".join(f'{{{{ query "{number}" | len }}}}' for number in range(MAX_QUERIES + 50))
    text = await filled(calls, expander=Expander(evaluate))
    assert len(evaluate.asked) == MAX_QUERIES
    assert f"a template may ask at most {MAX_QUERIES} queries" in text


@pytest.mark.parametrize("text", ["", "plain", "100%"])
async def test_plain_texts_stay(text: str) -> None:
    assert await filled(text) == text
