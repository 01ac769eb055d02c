"""The role `ingress`: each path of each rule is a target, at the host of the rule; for probes from outside."""

from __future__ import annotations

from collections.abc import Iterator

from engine.discovery.groups import TargetGroup
from engine.discovery.kubernetes.labels import META, NAMESPACE, Known, described
from engine.discovery.kubernetes.objects import Ingress, IngressRule
from engine.discovery.static import ADDRESS
from promql.model.labels import Labels


def ingress_group(ingress: Ingress, _: Known) -> TargetGroup:
    metadata, spec = ingress.metadata, ingress.spec
    shared = {
        f"{META}ingress_name": metadata.name,
        NAMESPACE: metadata.namespace,
        f"{META}ingress_class_name": spec.ingress_class_name or "",
        **described(f"{META}ingress_", metadata),
    }
    return TargetGroup(f"ingress/{metadata.key}", tuple(_targets(ingress)), Labels.of(shared))


def _targets(ingress: Ingress) -> Iterator[Labels]:
    safe = [host for tls in ingress.spec.tls or () for host in tls.hosts or ()]
    for rule in ingress.spec.rules or ():
        scheme = "https" if any(_fits(pattern, rule.host) for pattern in safe) else "http"
        for path in _paths(rule):
            yield Labels.of(
                {
                    ADDRESS: rule.host,
                    f"{META}ingress_scheme": scheme,
                    f"{META}ingress_host": rule.host,
                    f"{META}ingress_path": path,
                }
            )


def _paths(rule: IngressRule) -> list[str]:
    return ["/"] if rule.http is None else [path.path or "/" for path in rule.http.paths or ()]


def _fits(pattern: str, host: str) -> bool:
    """Equal, or the pattern's first part is a star."""
    (first, _, rest), (_, _, of_host) = pattern.partition("."), host.partition(".")
    return pattern == host or (first == "*" and rest == of_host and pattern.count(".") == host.count("."))
