"""What the handlers of Grafana's API have in common: sources, dashboards, who may come in."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from engine.dashboards.files.library import Library
from engine.dashboards.files.saving import Saver
from engine.dashboards.sources.closed import closed
from engine.dashboards.view.panel import Desk
from engine.web.api.grafana.account import Account, Role
from engine.web.api.grafana.entrance import Entrance, Given

VERSION: Final = "9.4.7"


class Service(Struct, frozen=True, kw_only=True):
    """`reload` reads all provisioning files again; `given` is what whoever asks said, `role` what they may do."""

    desk: Desk
    library: Library
    saver: Saver
    entrance: Entrance
    root_url: str
    prefix: str
    theme: str
    timezone: str
    home: str
    sign_up: bool
    reload: Callable[[], Awaitable[None]]
    given: Given = Given(port="")
    role: Role = Role.GUEST

    @property
    def account(self) -> Account:
        return self.entrance.account

    def look(self) -> None:
        """At the files, if it is time to."""
        self.library.look(self.desk.clock.monotonic())

    def seen_by(self, given: Given, role: Role) -> Service:
        """As that one has it; for guests sources beyond this engine are closed."""
        if role > Role.GUEST:
            return replace(self, given=given, role=role)
        how = "set GF_SECURITY_ADMIN_PASSWORD and sign in" if self.account.password is None else "sign in"
        return replace(self, given=given, role=role, desk=replace(self.desk, shelf=closed(self.desk.shelf, how)))
