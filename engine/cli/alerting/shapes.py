"""What the commands read of an Alertmanager's answers: less than that is no answer of one."""

from __future__ import annotations

from typing import Any, TypedDict


class Named(TypedDict):
    name: str


class State(TypedDict):
    state: str


class ShownAlert(TypedDict):
    labels: dict[str, str]
    startsAt: str
    status: State
    receivers: list[Named]


class ShownTrail(TypedDict):
    fingerprint: str


class Told(TypedDict):
    integration: str
    at: str
    again: str


class Stand(TypedDict):
    receiver: str
    turn: str
    groupKey: str
    told: list[Told]


class Step(TypedDict):
    what: str
    why: str
    first: str
    last: str
    count: int


class ExplainedTrail(ShownTrail):
    labels: dict[str, str]
    state: str
    next: list[Stand]
    steps: list[Step]
    silencedBy: list[str]
    inhibitedBy: list[str]


class SilenceMatcher(TypedDict):
    name: str
    value: str
    isRegex: bool


class ShownSilence(TypedDict):
    id: str
    status: State
    startsAt: str
    endsAt: str
    matchers: list[SilenceMatcher]
    createdBy: str
    comment: str


class MadeSilence(TypedDict):
    silenceID: str


class ShownTrial(TypedDict):
    integration: str
    outcome: str
    address: str
    payload: str
    answer: str
    error: str
    seconds: Any
