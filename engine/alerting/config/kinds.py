"""The receivers that can be delivered to: the key of a receiver's config, and what makes a message of a notice."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final

from msgspec import Struct

from engine.alerting.config.document import Receiver
from engine.alerting.notify.outgoing import Outgoing, Rendering
from engine.alerting.receivers import (
    discord,
    email,
    msteams,
    opsgenie,
    pagerduty,
    pushover,
    slack,
    sns,
    telegram,
    victorops,
    webex,
    webhook,
    wechat,
)


class Kind(Struct, frozen=True):
    """`configs` are those of a receiver, in the order of the file. `render` raises DeliveryError."""

    configs: Callable[[Receiver], tuple[Any, ...]]
    render: Callable[[Any, Rendering], Outgoing]


RECEIVERS: Final[Mapping[str, Kind]] = MappingProxyType(
    {
        "webhook": Kind(lambda receiver: receiver.webhook_configs, webhook.render),
        "email": Kind(lambda receiver: receiver.email_configs, email.render),
        "slack": Kind(lambda receiver: receiver.slack_configs, slack.render),
        "pagerduty": Kind(lambda receiver: receiver.pagerduty_configs, pagerduty.render),
        "opsgenie": Kind(lambda receiver: receiver.opsgenie_configs, opsgenie.render),
        "wechat": Kind(lambda receiver: receiver.wechat_configs, wechat.render),
        "pushover": Kind(lambda receiver: receiver.pushover_configs, pushover.render),
        "victorops": Kind(lambda receiver: receiver.victorops_configs, victorops.render),
        "sns": Kind(lambda receiver: receiver.sns_configs, sns.render),
        "telegram": Kind(lambda receiver: receiver.telegram_configs, telegram.render),
        "discord": Kind(lambda receiver: receiver.discord_configs, discord.render),
        "webex": Kind(lambda receiver: receiver.webex_configs, webex.render),
        "msteams": Kind(lambda receiver: receiver.msteams_configs, msteams.render),
    }
)


def integrations_of(receiver: Receiver) -> Iterator[tuple[str, int, Any, Kind]]:
    """Name of the kind, place among its own, config and kind."""
    for name, kind in RECEIVERS.items():
        for index, config in enumerate(kind.configs(receiver)):
            yield name, index, config, kind
