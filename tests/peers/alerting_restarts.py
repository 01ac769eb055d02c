"""What happens before and after a restart, and what receivers are told of it in all.

Between any two things that happen there are more than two turns, so that it does not matter when the new process counts
its turns from. After the restart whoever told of alerts tells of all those that fire again, as Prometheus does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Restarted:
    """Steps such as `fire a`, `resolve a`, `silence a`, `expire` (that silence); what was told, in order."""

    name: str
    before: Sequence[str]
    after: Sequence[str]
    told: Sequence[str]


RESTARTS: Final = (
    Restarted("nothing-new", ["fire a"], [], ["firing a"]),
    Restarted("joins", ["fire a"], ["fire b"], ["firing a", "firing a b"]),
    Restarted("resolves", ["fire a"], ["resolve a"], ["firing a", "resolved a"]),
    Restarted("leaves", ["fire a", "fire b"], ["resolve a"], ["firing a", "firing a b", "firing (a resolved) b"]),
    Restarted("comes-back", ["fire a", "resolve a"], ["fire a"], ["firing a", "resolved a", "firing a"]),
    Restarted("silence-holds", ["silence a", "fire a"], ["fire b"], ["firing b"]),
    Restarted("silence-ends", ["silence a", "fire a"], ["expire"], ["firing a"]),
    Restarted("resolves-in-silence", ["fire a", "silence a"], ["resolve a", "expire"], ["firing a"]),
    Restarted("silence-ended", ["silence a", "fire a", "expire"], ["fire b"], ["firing a", "firing a b"]),
    Restarted("inhibited", ["fire root", "fire leaf"], ["resolve root"], ["firing root", "firing leaf (root resolved)"]),
    Restarted("joins-twice", ["fire a", "fire b"], ["fire c", "fire d"], ["firing a", "firing a b", "firing a b c", "firing a b c d"]),
)  # fmt: skip
MOST_STEPS: Final = max(len(part) for one in RESTARTS for part in (one.before, one.after))
INTERVAL: Final = 2.5
"""Seconds from one step to the next; groups have a turn each second."""


def config(url: str) -> str:
    routes = [f"  - {{receiver: {one.name}, matchers: [s={one.name}]}}" for one in RESTARTS]
    receivers = [
        f"- {{name: {one.name}, webhook_configs: [{{url: '{url.replace('NAME', one.name)}'}}]}}" for one in RESTARTS
    ]
    return "\n".join([
        "route:", "  receiver: nobody", "  group_by: [s]", "  group_wait: 0s", "  group_interval: 1s", "  repeat_interval: 1h",
        "  routes:", *routes,
        "inhibit_rules: [{source_matchers: [i=root], target_matchers: [i=leaf], equal: [s]}]",
        "receivers:", "- {name: nobody}", *receivers,
    ])  # fmt: skip
