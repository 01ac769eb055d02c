"""What a notification says, before it is put into a receiver's words: the data of templates and payloads."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Final

from msgspec import Struct

from engine.alerting.alert import Alert
from engine.alerting.dispatch.flush import Alerts, Flush
from engine.alerting.kept.store import NEVER
from engine.gotemplate.types import STRING, Function
from engine.gotemplate.values import KV, KV_TYPE, TIME, GoList, GoPointer, GoStruct, GoTime, list_type, struct_type
from promql.model.labels import Labels

FIRING: Final = "firing"
RESOLVED: Final = "resolved"
_GO_SPECIAL: Final = re.compile(r"[\\.+*?()|\[\]{}^$]")  # noqa: TID251 - ours, linear

ALERT_TYPE: Final = struct_type(
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
)
_PLAIN_ALERTS: Final = list_type("[]template.Alert", ALERT_TYPE)


def _having(status: str) -> Function:
    def pick(alerts: GoList) -> GoList:
        picked = [alert for alert in alerts if isinstance(alert, GoStruct) and alert.get("Status") == status]
        return GoList(_PLAIN_ALERTS, picked)

    return Function(pick)


ALERTS_TYPE: Final = list_type(
    "template.Alerts", ALERT_TYPE, {"Firing": _having(FIRING), "Resolved": _having(RESOLVED)}
)
DATA_TYPE: Final = struct_type(
    "template.Data",
    {
        "Receiver": STRING,
        "Status": STRING,
        "Alerts": ALERTS_TYPE,
        "GroupLabels": KV_TYPE,
        "CommonLabels": KV_TYPE,
        "CommonAnnotations": KV_TYPE,
        "ExternalURL": STRING,
    },
)


class Notice(Struct, frozen=True):
    """One notification. `receiver` is quoted as a regular expression, as all receivers of it expect.

    Alerts that fire end at NEVER. `external_url` has no slash at its end; `now` is Unix ns.
    """

    receiver: str
    alerts: Alerts
    group_labels: Labels
    group_key: str
    external_url: str
    now: int

    @classmethod
    def of(cls, flush: Flush, alerts: Alerts, external_url: str, now: int) -> Notice:
        receiver = _GO_SPECIAL.sub(r"\\\g<0>", flush.route.receiver)
        return cls(receiver, alerts, flush.group_labels, flush.group_key, external_url, now)

    @property
    def hash(self) -> str:
        """By what receivers know the group."""
        return sha256(self.group_key.encode()).hexdigest()

    @property
    def status(self) -> str:
        return overall_status(self.alerts)

    def data(self) -> GoPointer:
        """What templates see."""
        fields = {
            "Receiver": self.receiver,
            "Status": self.status,
            "Alerts": GoList(ALERTS_TYPE, [_alert_value(alert) for alert in self.alerts]),
            "GroupLabels": KV(self.group_labels.as_dict()),
            "CommonLabels": KV(common(alert.labels for alert in self.alerts)),
            "CommonAnnotations": KV(common(alert.annotations for alert in self.alerts)),
            "ExternalURL": self.external_url,
        }
        return GoPointer(GoStruct(DATA_TYPE, fields))


def overall_status(alerts: Iterable[Alert]) -> str:
    """Firing as long as one alert fires."""
    return FIRING if any(alert.ends_at == NEVER for alert in alerts) else RESOLVED


def alert_status(alert: Alert) -> str:
    return FIRING if alert.ends_at == NEVER else RESOLVED


def common(sets: Iterable[Iterable[tuple[str, str]]]) -> Mapping[str, str]:
    """The pairs that all sets have, by name."""
    shared: dict[str, str] | None = None
    for pairs in sets:
        mine = dict(pairs)
        shared = mine if shared is None else {n: v for n, v in shared.items() if mine.get(n) == v}
    return dict(sorted((shared or {}).items()))


def end_time(alert: Alert) -> GoTime:
    """The zero time while the alert fires."""
    return GoTime.zero() if alert.ends_at == NEVER else GoTime(alert.ends_at)


def _alert_value(alert: Alert) -> GoStruct:
    return GoStruct(
        ALERT_TYPE,
        {
            "Status": alert_status(alert),
            "Labels": KV(alert.labels.as_dict()),
            "Annotations": KV(dict(alert.annotations)),
            "StartsAt": GoTime(alert.starts_at),
            "EndsAt": end_time(alert),
            "GeneratorURL": alert.generator_url,
            "Fingerprint": alert.fingerprint,
        },
    )
