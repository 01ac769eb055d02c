"""Alertmanager's API over HTTP: statuses, bodies and orders."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from engine.alerting.matching.grammar import Grammar
from engine.foundation.errors import ConfigError
from engine.testing.manual_clock import ManualClock
from engine.web.api.alertmanager import routes
from tests.alerting.world import START_MS, World, webhook, world

CONFIG = f"""
route:
  receiver: team
  group_by: [alertname]
  routes: [{{receiver: pager, matchers: [severity=page], continue: true, group_by: []}}, {{receiver: pager, matchers: [severity=page]}}]
inhibit_rules: [{{source_matchers: [alertname=Root], target_matchers: [severity=page], equal: [host]}}]
receivers: [{webhook("team")}, {webhook("pager")}, {{name: nobody}}]
"""
NOW = "2023-11-14T22:13:20.000Z"  # where the clock stands


@dataclass
class Api:
    world: World
    client: TestClient[web.Request, web.Application]
    reload_error: str = ""

    async def reload(self) -> None:
        if self.reload_error:
            raise ConfigError(self.reload_error)

    async def ask(self, method: str, path: str, body: str | None = None, **headers: str) -> tuple[int, Any]:
        """Status and the decoded body, its text where it is no JSON."""
        given = {"Content-Type": "application/json", **headers} if body is not None else headers
        async with self.client.request(method, path, data=body, headers=given) as answer:
            text = await answer.text()
            return answer.status, json.loads(text) if answer.content_type == "application/json" else text

    async def post(self, path: str, body: object) -> tuple[int, Any]:
        return await self.ask("POST", f"/api/v2/{path}", json.dumps(body))

    async def get(self, path: str) -> Any:
        status, found = await self.ask("GET", f"/api/v2/{path}")
        assert status == 200
        return found


@pytest.fixture
async def api() -> AsyncIterator[Api]:
    async with serving(CONFIG) as made:
        yield made


@asynccontextmanager
async def serving(config: str, grammar: Grammar = Grammar.BOTH) -> AsyncIterator[Api]:
    async with world(config, clock=ManualClock(START_MS), grammar=grammar) as made:
        app = web.Application()
        held: list[Api] = []

        async def reload() -> None:
            await held[0].reload()

        app.add_routes(routes(made.manager, reload))
        async with TestClient(TestServer(app)) as client:
            held.append(Api(made, client))
            yield held[0]


async def test_management_paths_answer(api: Api) -> None:
    for path in ("/-/healthy", "/-/ready"):
        assert await api.ask("GET", path) == (200, "OK")
    assert (await api.ask("HEAD", "/-/healthy"))[0] == 200
    assert (await api.ask("GET", "/-/reload"))[0] == 405
    assert await api.ask("POST", "/-/reload") == (200, "")
    api.reload_error = "no routes provided"
    assert await api.ask("POST", "/-/reload") == (500, "failed to reload config: no routes provided\n")


async def test_the_status_shows_the_config_in_force(api: Api) -> None:
    status = await api.get("status")
    assert status["cluster"] == {"peers": [], "status": "disabled"}
    assert status["uptime"] == NOW
    assert status["versionInfo"]["version"] == "0.25.0"
    assert "receiver: team" in status["config"]["original"]


async def test_receivers_stand_in_the_order_of_the_file(api: Api) -> None:
    assert await api.get("receivers") == [{"name": "team"}, {"name": "pager"}, {"name": "nobody"}]


async def test_an_alert_that_was_sent_is_listed(api: Api) -> None:
    sent = {
        "labels": {"alertname": "A", "severity": "page", "empty": ""},
        "annotations": {"summary": "<s>"},
        "startsAt": "2023-11-14T22:00:00.123456+01:00",
        "endsAt": "2023-11-15T00:00:00Z",
        "generatorURL": "http://p/g",
    }
    assert await api.ask("POST", "/api/v2/alerts", json.dumps([sent])) == (200, "")
    assert await api.get("alerts") == [
        {
            "annotations": {"summary": "<s>"},
            "endsAt": "2023-11-15T00:00:00.000Z",
            "fingerprint": "f2f95d02269594eb",
            "receivers": [{"name": "pager"}, {"name": "pager"}],
            "startsAt": "2023-11-14T21:00:00.123Z",
            "status": {"inhibitedBy": [], "silencedBy": [], "state": "active"},
            "updatedAt": NOW,
            "generatorURL": "http://p/g",
            "labels": {"alertname": "A", "severity": "page"},
        }
    ]


async def test_alerts_are_listed_by_fingerprint_and_those_that_ended_are_not(api: Api) -> None:
    await api.post("alerts", [{"labels": {"n": str(n)}} for n in range(5)])
    await api.post("alerts", [{"labels": {"n": "9"}, "endsAt": "2023-11-14T22:00:00Z"}])
    prints = [alert["fingerprint"] for alert in await api.get("alerts")]
    assert len(prints) == 5
    assert prints == sorted(prints)


def in_full(answer: Any, what: str) -> Any:
    """The whole answer, where a table names only the reason why a body can't be read."""
    if isinstance(answer, str) and answer.startswith("json: "):
        return {"code": 400, "message": f'parsing {what} body from "" failed, because {answer}'}
    return answer


REFUSED = [
    ("[{}]", 422, {"code": 602, "message": "0.labels in body is required"}),
    ('[{"labels":{"a":"b"}},{"annotations":{}}]', 422, {"code": 602, "message": "1.labels in body is required"}),
    ('[{"labels":{}}]', 400, "at least one label pair required"),
    (
        '[{},{"labels":1}]',
        400,
        "json: cannot unmarshal number into Go struct field Alert.labels of type models.LabelSet",
    ),
    (
        r'[{"labels":{"a":"b"},"generatorURL":"x\ny"}]',
        422,
        {"code": 601, "message": r'0.generatorURL in body must be of type uri: "x\ny"'},
    ),
    ('[{"labels"', 400, {"code": 400, "message": 'parsing alerts body from "" failed, because unexpected EOF'}),
    (
        '[{"labels":{"a-b":"c"}},{"labels":{"":"x"}},{"labels":{}}]',
        400,
        'invalid label set: invalid name "a-b"; invalid label set: invalid name ""; at least one label pair required',
    ),
    ('[{"labels":{"a":"b"},"annotations":{"x-y":"1"}}]', 400, 'invalid annotations: invalid name "x-y"'),
    (
        '[{"labels":{"a":"b"},"startsAt":"2024-01-01T00:00:00Z","endsAt":"2023-01-01T00:00:00Z"}]',
        400,
        "start time must be before end time",
    ),
    ("", 422, {"code": 602, "message": "alerts in body is required"}),
    ('{"a":1}', 400, "json: cannot unmarshal object into Go value of type models.PostableAlerts"),
    ('"x"', 400, "json: cannot unmarshal string into Go value of type models.PostableAlerts"),
    ('[{"labels":{"a":1}}]', 400, "json: cannot unmarshal number into Go struct field Alert.labels of type string"),
    (
        '[{"labels":"x"}]',
        400,
        "json: cannot unmarshal string into Go struct field Alert.labels of type models.LabelSet",
    ),
    (
        '[{"labels":{"a":"b"},"annotations":{"x":1}}]',
        400,
        "json: cannot unmarshal number into Go struct field .annotations of type string",
    ),
    (
        '[{"labels":{"a":"b"},"startsAt":1}]',
        400,
        "json: cannot unmarshal number into Go struct field .startsAt of type string",
    ),
    (
        '[{"labels":{"a":"b"},"generatorURL":"::bad"}]',
        422,
        {"code": 601, "message": '0.generatorURL in body must be of type uri: "::bad"'},
    ),
]


@pytest.mark.parametrize(("body", "status", "answer"), REFUSED)
async def test_wrong_alerts_are_refused_in_the_originals_words(api: Api, body: str, status: int, answer: Any) -> None:
    assert await api.ask("POST", "/api/v2/alerts", body) == (status, in_full(answer, "alerts"))


@pytest.mark.parametrize(
    "body",
    [
        "nope",
        "[{",
        '[{"labels":{"a":"b"},"startsAt":"xx"}]',
        '[{"labels":{"a":"b"},"startsAt":"2024-13-01T00:00:00Z"}]',
    ],
)
async def test_what_cannot_be_read_is_a_bad_request(api: Api, body: str) -> None:
    status, answer = await api.ask("POST", "/api/v2/alerts", body)
    assert (status, answer["code"]) == (400, 400)
    assert answer["message"].startswith('parsing alerts body from "" failed, because ')


async def test_valid_alerts_are_kept_when_others_are_refused(api: Api) -> None:
    assert (await api.post("alerts", [{"labels": {}}, {"labels": {"a": "b"}}]))[0] == 400
    assert len(await api.get("alerts")) == 1
    assert api.world.manager.received.invalid == {"v1": 0, "v2": 1}


@pytest.mark.parametrize(
    "fields",
    [
        {"startsAt": "", "annotations": None, "unknown": 1},
        {"generatorURL": "", "startsAt": None},
        {"startsAt": "2023-01-01 00:00:00"},
        {"startsAt": "2023-01-01T00:00Z"},
        {"startsAt": "0001-01-01T00:00:00.000Z", "endsAt": "0001-01-01T00:00:00.000Z"},
    ],
)
async def test_odd_but_valid_alerts_are_taken(api: Api, fields: dict[str, object]) -> None:
    assert await api.post("alerts", [{"labels": {"a": "b"}, **fields}]) == (200, "")
    assert (await api.get("alerts"))[0]["endsAt"] == "2023-11-14T22:18:20.000Z"


async def test_null_is_no_alerts(api: Api) -> None:
    assert await api.post("alerts", None) == (200, "")


@pytest.mark.parametrize("media_type", ["application/x-www-form-urlencoded", "text/plain"])
async def test_another_content_type_is_refused(api: Api, media_type: str) -> None:
    answer = await api.ask("POST", "/api/v2/alerts", "[]", **{"Content-Type": media_type})
    assert answer == (
        415,
        {"code": 415, "message": f'unsupported media type "{media_type}", only [application/json] are allowed'},
    )


async def test_a_request_without_a_body_or_a_type_is_told_so(api: Api) -> None:
    for what, path in (("alerts", "alerts"), ("silence", "silences")):
        wanted = {"code": 602, "message": f"{what} in body is required"}
        assert await api.ask("POST", f"/api/v2/{path}") == (422, wanted)
    answer = await api.ask("POST", "/api/v2/alerts", "[]", **{"Content-Type": ""})
    assert answer[1]["message"].startswith('unsupported media type "application/octet-stream"')


async def test_a_slash_behind_a_path_changes_nothing(api: Api) -> None:
    assert await api.get("receivers/") == await api.get("receivers")
    assert (await api.ask("PUT", "/api/v2/alerts/groups/"))[0] == 405


async def test_of_several_receivers_the_last_one_counts(api: Api) -> None:
    await api.post("alerts", [{"labels": {"a": "b"}}])
    assert len(await api.get("alerts?receiver=(&receiver=team")) == 1
    assert await api.get("alerts?receiver=team&receiver=x") == []


async def test_other_methods_and_paths_are_refused_as_json(api: Api) -> None:
    assert await api.ask("PUT", "/api/v2/alerts") == (
        405,
        {"code": 405, "message": "method PUT is not allowed, but [GET,POST] are"},
    )
    assert await api.ask("PUT", "/api/v2/silence/x") == (
        405,
        {"code": 405, "message": "method PUT is not allowed, but [DELETE,GET] are"},
    )
    assert await api.ask("GET", "/api/v2/nope") == (404, {"code": 404, "message": "path /api/v2/nope was not found"})


async def test_alerts_are_filtered_by_state_matchers_and_receiver(api: Api) -> None:
    await api.post("alerts", [
        {"labels": {"alertname": "Root", "host": "h"}},
        {"labels": {"alertname": "Down", "severity": "page", "host": "h"}},
        {"labels": {"alertname": "Quiet", "host": "h"}},
        {"labels": {"alertname": "Plain"}},
    ])  # fmt: skip
    await silence(api, "alertname", "Quiet")

    async def names(query: str) -> set[str]:
        return {alert["labels"]["alertname"] for alert in await api.get(f"alerts?{query}")}

    assert await names("") == {"Root", "Down", "Quiet", "Plain"}
    assert await names("active=false") == {"Down", "Quiet"}
    assert await names("silenced=maybe") == {"Root", "Down", "Plain"}
    assert await names("inhibited=false&silenced=false") == {"Root", "Plain"}
    assert await names("active=false&active=YES") == {"Root", "Down", "Quiet", "Plain"}
    assert await names("filter=host%3Dh&filter=alertname!%3DRoot") == {"Down", "Quiet"}
    assert await names("receiver=pag.*") == {"Down"}
    assert await names("receiver=pag") == set()


async def test_an_inhibited_alert_names_its_source_and_a_silenced_one_its_silence(api: Api) -> None:
    await api.post("alerts", [{"labels": {"alertname": "Root"}}, {"labels": {"alertname": "Down", "severity": "page"}}])
    silence_id = await silence(api, "alertname", "Down")
    by_name = {alert["labels"]["alertname"]: alert for alert in await api.get("alerts")}
    assert by_name["Down"]["status"] == {
        "inhibitedBy": [by_name["Root"]["fingerprint"]],
        "silencedBy": [silence_id],
        "state": "suppressed",
    }


@pytest.mark.parametrize("path", ["alerts", "alerts/groups", "silences"])
async def test_a_bad_filter_is_refused(api: Api, path: str) -> None:
    assert await api.ask("GET", f"/api/v2/{path}?filter=bad") == (400, "bad matcher format: bad")


@pytest.mark.parametrize("path", ["alerts", "alerts/groups"])
async def test_a_bad_receiver_is_refused(api: Api, path: str) -> None:
    message = "failed to parse receiver param: error parsing regexp: missing closing ]: `[)$`"
    assert await api.ask("GET", f"/api/v2/{path}?receiver=%5B") == (400, message)


async def test_groups_are_listed_by_labels_then_receiver_and_alerts_name_each_groups_receiver(api: Api) -> None:
    await api.post("alerts", [{"labels": {"alertname": "B"}}, {"labels": {"alertname": "A", "severity": "page"}}])
    groups = await api.get("alerts/groups")
    assert [(g["labels"], g["receiver"]["name"]) for g in groups] == [
        ({"alertname": "A"}, "pager"),
        ({"alertname": "A"}, "pager"),
        ({"alertname": "B"}, "team"),
    ]
    assert groups[0]["alerts"][0]["receivers"] == [{"name": "pager"}, {"name": "pager"}]
    assert [g["labels"] for g in await api.get("alerts/groups?receiver=team")] == [{"alertname": "B"}]
    assert await api.get("alerts/groups?filter=alertname%3DC") == []


def matcher(name: str, value: str, **more: bool) -> dict[str, object]:
    return {"name": name, "value": value, "isRegex": False, **more}


def silence_body(**changes: object) -> dict[str, object]:
    body: dict[str, object] = {
        "matchers": [matcher("a", "b")],
        "startsAt": "2023-11-14T22:00:00Z",
        "endsAt": "2023-11-15T00:00:00Z",
        "createdBy": "me",
        "comment": "",
    }
    return {key: value for key, value in (body | changes).items() if value != "missing"}


async def silence(api: Api, name: str, value: str) -> str:
    status, answer = await api.post("silences", silence_body(matchers=[matcher(name, value)]))
    assert status == 200
    return str(answer["silenceID"])


async def test_a_silence_is_made_shown_and_ended(api: Api) -> None:
    matchers = [matcher("a", "b"), matcher("c", "d.*", isRegex=True, isEqual=False)]
    _, made = await api.post("silences", silence_body(matchers=matchers))
    path = f"silence/{made['silenceID']}"
    shown = {
        "id": made["silenceID"],
        "status": {"state": "active"},
        "updatedAt": NOW,
        "comment": "",
        "createdBy": "me",
        "endsAt": "2023-11-15T00:00:00.000Z",
        "matchers": [
            {"isEqual": True, "isRegex": False, "name": "a", "value": "b"},
            {"isEqual": False, "isRegex": True, "name": "c", "value": "d.*"},
        ],
        "startsAt": NOW,
    }
    assert await api.get(path) == shown
    assert await api.get("silences") == [shown]
    for _ in range(2):
        assert await api.ask("DELETE", f"/api/v2/{path}") == (200, "")
    assert await api.get(path) == shown | {"status": {"state": "expired"}, "endsAt": NOW}


async def test_silences_are_filtered_by_the_matchers_they_hold(api: Api) -> None:
    await silence(api, "a", "b")
    assert len(await api.get("silences?filter=a%3Db")) == 1
    assert await api.get("silences?filter=a%3D~b") == []


MISSING = "missing"
WRONG_SILENCES = [
    ({"comment": MISSING}, 422, {"code": 602, "message": "comment in body is required"}),
    ({"createdBy": MISSING, "endsAt": MISSING}, 422, {"code": 602, "message": "createdBy in body is required"}),
    ({"startsAt": None}, 422, {"code": 602, "message": "startsAt in body is required"}),
    ({"endsAt": "0001-01-01T00:00:00Z"}, 400, "Failed to create silence: start time must be before end time"),
    ({"matchers": None}, 422, {"code": 602, "message": "matchers in body is required"}),
    ({"matchers": []}, 422, {"code": 612, "message": "matchers in body should have at least 1 items"}),
    ({"matchers": [{}]}, 422, {"code": 602, "message": "matchers.0.isRegex in body is required"}),
    (
        {"matchers": [{"isRegex": True, "name": "x"}]},
        422,
        {"code": 602, "message": "matchers.0.value in body is required"},
    ),
    ({"matchers": [matcher("a", "")]}, 400, "silence invalid: at least one matcher must not match the empty string"),
    ({"matchers": [matcher("a-b", "x")]}, 400, 'silence invalid: invalid label matcher 0: invalid label name "a-b"'),
    (
        {"matchers": [matcher("a", "[", isRegex=True)]},
        400,
        'silence invalid: invalid label matcher 0: invalid regular expression "[": error parsing regexp: missing closing ]: `[`',
    ),
    ({"endsAt": "2023-11-14T22:00:00Z"}, 400, "Failed to create silence: start time must be before end time"),
    ({"endsAt": "2023-11-14T22:00:01Z"}, 400, "Failed to create silence: end time can't be in the past"),
    ({"id": "nope"}, 404, "silence not found"),
    (
        {"matchers": 5},
        400,
        "json: cannot unmarshal number into Go struct field Silence.matchers of type models.Matchers",
    ),
    (
        {"matchers": [1]},
        400,
        "json: cannot unmarshal number into Go struct field Silence.matchers of type models.Matcher",
    ),
    (
        {"matchers": [{"name": 1}]},
        400,
        "json: cannot unmarshal number into Go struct field Matcher.matchers.name of type string",
    ),
    ({"comment": 1}, 400, "json: cannot unmarshal number into Go struct field Silence.comment of type string"),
]


@pytest.mark.parametrize(("changes", "status", "answer"), WRONG_SILENCES)
async def test_wrong_silences_are_refused_in_the_originals_words(
    api: Api, changes: dict[str, object], status: int, answer: Any
) -> None:
    assert await api.post("silences", silence_body(**changes)) == (status, in_full(answer, "silence"))
    assert await api.get("silences") == []


async def test_ids_of_silences_must_be_uuids_and_known(api: Api) -> None:
    wrong = (422, {"code": 601, "message": 'silenceID in path must be of type uuid: "xx"'})
    unknown = "11111111-1111-4111-8111-111111111111"
    for method in ("GET", "DELETE"):
        assert await api.ask(method, "/api/v2/silence/xx") == wrong
        assert (await api.ask(method, f"/api/v2/silence/{unknown}"))[0] == 404


async def test_what_would_have_been_sent_can_be_read(api: Api) -> None:
    await api.post("alerts", [{"labels": {"alertname": "A"}}])
    await api.world.wait(31)
    [kept] = await api.get("notifications/withheld")
    assert (kept["receiver"], kept["integration"], kept["time"]) == (
        "team",
        "team/webhook[0]",
        "2023-11-14T22:13:50.000Z",
    )
    assert kept["address"] == "http://team.example.com/"
    assert json.loads(kept["payload"])["status"] == "firing"


async def test_bodies_are_escaped_as_go_does_and_end_with_a_line_feed(api: Api) -> None:
    await api.post("alerts", [{"labels": {"a": "<&>"}}])
    async with api.client.get("/api/v2/alerts") as answer:
        raw = await answer.read()
    assert rb"\u003c\u0026\u003e" in raw
    assert raw.endswith(b"]\n")


async def test_what_became_of_an_alert_is_told_with_what_is_to_come(api: Api) -> None:
    api.world.fire(alertname="Up", severity="page")
    await api.world.wait(31)
    ((one,), nothing) = await api.get("alerts/trails?filter=alertname=Up"), await api.get("alerts/trails?filter=a=b")
    assert nothing == []
    assert one["labels"] == {"alertname": "Up", "severity": "page"}
    told = await api.get(f"alerts/{one['fingerprint']}/trail")
    assert (told["fingerprint"], told["labels"], told["state"]) == (one["fingerprint"], one["labels"], "active")
    assert len(told["steps"]) == one["steps"]
    assert told["steps"][0] == {"first": NOW, "last": NOW, "count": 1, "what": "received", "why": ""}
    assert {step["what"] for step in told["steps"]} >= {"received", "routed", "waiting", "withheld"}
    assert [sorted(stand) for stand in told["next"]] == [["groupKey", "receiver", "told", "turn"]] * len(told["next"])
    status, said = await api.ask("GET", "/api/v2/alerts/0123456789abcdef/trail")
    assert (status, said) == (404, "no alert 0123456789abcdef is known, or what became of it was forgotten")


async def test_the_tree_of_routes_says_where_an_alert_would_go(api: Api) -> None:
    plain = await api.get("routes")
    assert (plain["receiver"], plain["groupBy"], plain["groupWait"]) == ("team", ["alertname"], "30s")
    assert [child["matchers"] for child in plain["routes"]] == [['severity="page"']] * 2
    assert not any(node["matches"] for node in (plain, *plain["routes"]))
    asked = await api.get("routes?label=severity=page&label=alertname=X")
    assert [node["matches"] for node in (asked, *asked["routes"])] == [False, True, True]
    other = await api.get("routes?label=severity=quiet")
    assert [node["matches"] for node in (other, *other["routes"])] == [True, False, False]
