"""Alertmanager's API where labels have names that 0.25 refuses."""

from __future__ import annotations

import pytest

from engine.alerting.matching.grammar import Grammar
from tests.alerting.world import webhook
from tests.web.test_alertmanager_api import CONFIG, Api, serving, silence_body

WIDE = f"""
route:
  receiver: team
  group_by: [service.name]
  routes: [{{receiver: pager, matchers: ['"service.name"="a b"']}}]
inhibit_rules: [{{source_matchers: [alertname=Root], target_matchers: ["té=1"], equal: [service.name]}}]
receivers: [{webhook("team")}, {webhook("pager")}]
"""
ALERT = {"labels": {"alertname": "A", "service.name": "a b", "té": "1"}}
SILENCE = {"name": "service.name", "value": "a.*", "isRegex": True}


async def fired(api: Api, path: str = "alerts") -> list[str]:
    return [alert["labels"]["alertname"] for alert in await api.get(path)]


async def test_a_configuration_with_such_names_makes_them_fine_everywhere() -> None:
    async with serving(WIDE) as api:
        assert await api.post("alerts", [ALERT]) == (200, "")
        (group,) = await api.get("alerts/groups")
        assert (group["labels"], group["receiver"]) == ({"service.name": "a b"}, {"name": "pager"})
        assert await fired(api, 'alerts?filter="service.name"="a b"') == ["A"]
        assert await fired(api, "alerts?filter=service.name!~a.b") == []
        await api.post("alerts", [{"labels": {"alertname": "Root", "service.name": "a b"}}])
        assert await fired(api, "alerts?inhibited=false") == ["Root"]
        assert (await api.post("silences", silence_body(matchers=[SILENCE])))[0] == 200
        assert await fired(api, "alerts?silenced=false") == []
        (silence,) = await api.get("silences?filter=service.name=~a.*")
        assert silence["matchers"] == [SILENCE | {"isEqual": True}]
        await api.world.wait(30)
        assert api.world.told() == []


async def test_a_group_of_such_names_is_told_under_a_key_that_reads_back() -> None:
    async with serving(WIDE) as api:
        await api.post("alerts", [ALERT])
        (group,) = api.world.manager.running.dispatcher.groups()
        assert group.key == '{}/{service.name="a b"}:{service.name="a b"}'
        await api.world.wait(30)
        assert api.world.told() == [(30, "pager", "firing A")]


@pytest.mark.parametrize("grammar", [Grammar.CLASSIC, Grammar.BOTH])
async def test_without_one_they_are_refused_as_by_0_25(grammar: Grammar) -> None:
    async with serving(CONFIG, grammar) as api:
        for _ in range(2):
            assert await api.post("alerts", [ALERT]) == (400, 'invalid label set: invalid name "service.name"')
        assert (await api.post("silences", silence_body(matchers=[SILENCE])))[1].endswith(
            'invalid label name "service.name"'
        )


async def test_the_strict_grammar_alone_takes_them_and_refuses_what_it_cannot_read() -> None:
    async with serving(CONFIG, Grammar.UTF8) as api:
        assert await api.post("alerts", [ALERT]) == (200, "")
        assert await api.ask("GET", "/api/v2/alerts?filter=a=b c") == (
            400,
            "4:5: unexpected c: expected a comma or close brace",
        )
        assert await api.ask("GET", "/api/v2/alerts?filter={a=b}") == (400, "unexpected open or close brace: {a=b}")


async def test_by_the_classic_grammar_alone_a_name_in_quotes_is_no_matcher() -> None:
    async with serving(CONFIG, Grammar.CLASSIC) as api:
        assert await api.ask("GET", '/api/v2/alerts?filter="a"=b') == (400, 'bad matcher format: "a"=b')
    async with serving(CONFIG) as api:
        assert await api.get('alerts?filter="a"=b') == []
