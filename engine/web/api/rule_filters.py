"""What `/api/v1/rules` is asked for: by type, name, group, file and labels, and page by page."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

from msgspec import Struct

from engine.rules.views import AlertingView, GroupView, RuleView
from engine.web.api import form, params
from promql.model.labels import Labels
from promql.model.matchers import Matcher, match_all

_KINDS: Final[Mapping[str, tuple[bool, bool]]] = MappingProxyType(  # what is shown: (alerting, recording)
    {"": (True, True), "alert": (True, False), "record": (False, True)}
)


class Wish(Struct, frozen=True, kw_only=True):
    """Which groups and rules are asked for; empty sets are all. What is not the type is of releases after 2.42."""

    alerting: bool
    recording: bool
    names: frozenset[str]
    groups: frozenset[str]
    files: frozenset[str]
    selectors: Sequence[Sequence[Matcher]]
    alerts: bool
    limit: int
    token: str

    @classmethod
    def of(cls, given: form.Params) -> Wish:
        """Raises ApiError, ParseError."""
        names, groups, files = (frozenset(given.getall(name, [])) for name in ("rule_name[]", "rule_group[]", "file[]"))
        selectors = params.selectors(given)
        kind = given.get("type", "").lower()
        if kind not in _KINDS:
            raise params.invalid("type", f'not supported value "{kind}"')
        alerting, recording = _KINDS[kind]
        alerts = not params.boolean(given, "exclude_alerts", "error converting exclude_alerts")
        limit, token = _limit(given), given.get("group_next_token", "")
        if token and not limit:
            raise params.invalid(
                "group_next_token", "group_limit needs to be present in order to paginate over the groups"
            )
        return cls(
            alerting=alerting, recording=recording, names=names, groups=groups, files=files, selectors=selectors,
            alerts=alerts, limit=limit, token=token,
        )  # fmt: skip

    @property
    def filters(self) -> bool:
        """Whether groups are left out that have no rule that is wanted."""
        return bool(self.names or self.groups or self.files or self.selectors or self.limit)

    def wants_group(self, group: GroupView) -> bool:
        return (not self.groups or group.name in self.groups) and (not self.files or group.file in self.files)

    def wants(self, rule: RuleView) -> bool:
        of_kind = self.alerting if isinstance(rule, AlertingView) else self.recording
        if not of_kind or (self.names and rule.name not in self.names):
            return False
        labels = Labels.of(rule.labels)
        return not self.selectors or any(match_all(one, labels) for one in self.selectors)

    def page(self, shown: Sequence[tuple[GroupView, dict[str, Any]]]) -> dict[str, Any]:
        """So many groups from the one that the token names, and the token of the next one. Raises ApiError."""
        start = 0
        if self.token:
            start = next((at for at, (group, _) in enumerate(shown) if _token(group) == self.token), -1)
            if start < 0:
                raise params.invalid(
                    "group_next_token", f"invalid group_next_token '{self.token}'. were rule groups changed?"
                )
        end = start + self.limit if self.limit else len(shown)
        more = {"groupNextToken": _token(shown[end][0])} if end < len(shown) else {}
        return {"groups": [told for _, told in shown[start:end]], **more}


def _limit(given: form.Params) -> int:
    """Groups of a page, 0 for all."""
    text = given.get("group_limit", "")
    if text == "":
        return 0
    try:
        limit = params.whole(text)
    except ValueError as error:
        problem = f'strconv.ParseInt: parsing "{text}": {error}'
        raise params.invalid("group_limit", f"group_limit needs to be a valid number: {problem}") from None
    if limit <= 0:
        raise params.invalid("group_limit", "group_limit needs to be greater than 0")
    return limit


def _token(group: GroupView) -> str:
    return hashlib.sha1(f"{group.file};{group.name}".encode(), usedforsecurity=False).hexdigest()
