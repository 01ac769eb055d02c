"""The `endpoint` label: a route's template, never a raw path, since each label value is a series for ever.

Frameworks tell the template of the innermost route alone; what was mounted or included around it is the front of the
path. So the template takes the place of as many parts at the path's end as it matches, and parts of the front that
are a mount's parameters get their names back.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from exporters.browser.labels import LabelValues, without_identifiers

UNMATCHED: Final = "unmatched"
NOT_FOUND: Final = 404
_PARAMETER: Final = re.compile(r"\{(\w+)(?::\w+)?\}")  # noqa: TID251 - ours, linear


class Endpoints:
    """Names endpoints; of frameworks that tell no routes it keeps a bounded number of paths."""

    def __init__(self, most_paths: int) -> None:
        self._paths = LabelValues(most_paths)

    def of_path(self, path: str, status: int) -> str:
        """Where nothing is known but the path."""
        if status == NOT_FOUND:
            return UNMATCHED
        return self._paths.admit("endpoint", without_identifiers(path))

    def of_scope(self, scope: Mapping[str, Any], root: str, status: int) -> str:
        """Of an ASGI scope after its application has answered; `root` is the `root_path` that it came with."""
        if ROUTE_KEY in scope:
            return str(scope[ROUTE_KEY])
        path = below(scope["path"], root)
        told = getattr(scope.get("route"), "path", None)
        parameters = scope.get("path_params") or {}
        if isinstance(told, str):
            return whole_template(path, told, parameters)
        mounted = below(scope.get("root_path", ""), root)
        if mounted:
            return f"{_named(mounted, parameters)}/*"
        refused = 300 <= status < 500  # by a router that found nothing; older Starlette does not tell what it found
        return UNMATCHED if "router" in scope and refused else self.of_path(path, status)


ROUTE_KEY: Final = "exporters.app.route"
"""Under which hooks of frameworks leave a whole template in a scope or an environment."""
EXCEPTION_KEY: Final = "exporters.app.exception"
"""Under which they leave that an exception was not caught by the application."""


def below(path: str, root: str) -> str:
    """The path without the prefix that a server or a proxy put before it."""
    return path[len(root) :] if root and path.startswith(root) else path


def whole_template(path: str, template: str, parameters: Mapping[str, Any]) -> str:
    """`/v1/items/7` and `/items/{id}` give `/v1/items/{id}`."""
    inside = set(_PARAMETER.findall(template))
    ending = template.count("/") + sum(str(parameters.get(name, "")).count("/") for name in inside)
    parts = path.split("/")
    front = parts[: len(parts) - ending] if ending < len(parts) else []
    others = {name: value for name, value in parameters.items() if name not in inside}
    return _named("/".join(front), others) + template or "/"


def _named(front: str, parameters: Mapping[str, Any]) -> str:
    names = {str(value): f"{{{name}}}" for name, value in parameters.items()}
    return "/".join(names.get(part, part) for part in front.split("/")) if names else front
