"""Alertmanager's notification data over `data.json`, as its templates see them: the same for the engine and for amtool."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from engine.gotemplate.types import Function
from engine.gotemplate.values import KV, KV_TYPE, STRING, TIME, GoList, GoStruct, GoTime, list_type, struct_type

DATA_FILE = Path(__file__).with_name("data.json")

ALERT = struct_type(
    "template.Alert",
    {
        "Status": STRING,
        "Labels": KV_TYPE,
        "Annotations": KV_TYPE,
        "StartsAt": TIME,
        "EndsAt": TIME,
        "GeneratorURL": STRING,
        "Fingerprint": STRING,
    },
    json={
        "Status": "status",
        "Labels": "labels",
        "Annotations": "annotations",
        "StartsAt": "startsAt",
        "EndsAt": "endsAt",
        "GeneratorURL": "generatorURL",
        "Fingerprint": "fingerprint",
    },
)
PLAIN_ALERTS = list_type("[]template.Alert", ALERT)


def _with_status(status: str) -> Function:
    return Function(lambda alerts: GoList(PLAIN_ALERTS, [a for a in alerts if a.get("Status") == status]))


ALERTS = list_type("template.Alerts", ALERT, {"Firing": _with_status("firing"), "Resolved": _with_status("resolved")})
DATA = struct_type(
    "template.Data",
    {
        "Receiver": STRING,
        "Status": STRING,
        "Alerts": ALERTS,
        "GroupLabels": KV_TYPE,
        "CommonLabels": KV_TYPE,
        "CommonAnnotations": KV_TYPE,
        "ExternalURL": STRING,
    },
    json={
        "Receiver": "receiver",
        "Status": "status",
        "Alerts": "alerts",
        "GroupLabels": "groupLabels",
        "CommonLabels": "commonLabels",
        "CommonAnnotations": "commonAnnotations",
        "ExternalURL": "externalURL",
    },
)


def time(text: str) -> GoTime:
    moment = datetime.fromisoformat(text[:19] + "+00:00")
    rest = text[19:]
    zone = rest[-6:] if rest[-1] != "Z" else "+00:00"
    fraction = rest.removesuffix("Z").removesuffix(zone).lstrip(".")
    offset = int((datetime.fromisoformat("2000-01-01T00:00:00" + zone).utcoffset() or timedelta()).total_seconds())
    seconds = round((moment - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds()) - offset
    return GoTime(seconds * 1_000_000_000 + int(fraction.ljust(9, "0")), offset)


def notification() -> GoStruct:
    raw: dict[str, Any] = json.loads(DATA_FILE.read_text())
    maps = {n[0].upper() + n[1:]: KV(raw[n]) for n in ("groupLabels", "commonLabels", "commonAnnotations")}
    alerts = GoList(ALERTS, [_alert(a) for a in raw["alerts"]])
    texts = {"Receiver": raw["receiver"], "Status": raw["status"], "ExternalURL": raw["externalURL"]}
    return GoStruct(DATA, {**texts, **maps, "Alerts": alerts})


def _alert(raw: dict[str, Any]) -> GoStruct:
    return GoStruct(
        ALERT,
        {
            "Status": raw["status"],
            "Labels": KV(raw["labels"]),
            "Annotations": KV(raw["annotations"]),
            "StartsAt": time(raw["startsAt"]),
            "EndsAt": time(raw["endsAt"]),
            "GeneratorURL": raw["generatorURL"],
            "Fingerprint": raw["fingerprint"],
        },
    )
