"""Kubernetes discovery as it is written, with Prometheus's conditions on it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import ClassVar, Final, Self

import msgspec

from engine.foundation.decode import Report
from engine.foundation.http_config import HTTPClientConfig, PrometheusHTTPClientConfig
from engine.foundation.regexes import Regex
from engine.foundation.values import FilePath, Url

_SELECTABLE: Final = MappingProxyType(
    {  # role -> what its selectors may select
        "pod": ("pod",),
        "service": ("service",),
        "endpoints": ("pod", "service", "endpoints"),
        "endpointslice": ("pod", "service", "endpointslice"),
        "node": ("node",),
        "ingress": ("ingress",),
    }
)
ROLES: Final = tuple(_SELECTABLE)
_LABEL_SELECTOR: Final = Regex(r"\s*!?[\w./-]+\s*(?:(?:==?|!=)\s*[\w.-]*|(?:not)?\s*in\s*\([^()]*\)|[<>]\s*\d+)?\s*")


class KubernetesRole(str):
    __slots__ = ()

    @classmethod
    def from_text(cls, text: str) -> Self:
        if text not in _SELECTABLE:
            raise ValueError(f'unknown Kubernetes SD role "{text}"')
        return cls(text)


class Namespaces(msgspec.Struct, frozen=True, kw_only=True):
    own_namespace: bool = False
    names: tuple[str, ...] = ()


class KubernetesSelector(msgspec.Struct, frozen=True, kw_only=True):
    role: KubernetesRole = KubernetesRole()
    label: str = ""
    field: str = ""

    def check(self, report: Report) -> None:
        for term in filter(None, self.field.split(",")):
            if "=" not in term:
                report.error(f"invalid selector: '{self.field}'; can't understand '{term}'", "field")
        for term in filter(None, _terms(self.label)):
            if not _LABEL_SELECTOR.matches(term):
                report.error(f"unable to parse requirement: '{term}' is no label selector", "label")


def _terms(selector: str) -> list[str]:
    """Of a label selector; the commas in parentheses are between values."""
    terms = [""]
    for piece in selector.split(","):
        inside = terms[-1].count("(") > terms[-1].count(")")
        if inside:
            terms[-1] += f",{piece}"
        else:
            terms.append(piece)
    return terms[1:]


class AttachMetadata(msgspec.Struct, frozen=True, kw_only=True):
    LATER: ClassVar[Mapping[str, str]] = {"namespace": "Prometheus 3.6"}

    node: bool = False


class KubernetesSDConfig(PrometheusHTTPClientConfig, frozen=True, kw_only=True):
    api_server: Url = Url()
    role: KubernetesRole = KubernetesRole()
    kubeconfig_file: FilePath = FilePath()
    namespaces: Namespaces = Namespaces()
    selectors: tuple[KubernetesSelector, ...] = ()
    attach_metadata: AttachMetadata = AttachMetadata()

    def check(self, report: Report) -> None:
        super().check(report)
        if not self.role:
            report.error("role missing (one of: pod, service, endpoints, endpointslice, node, ingress)", "role")
        if (fault := self.tls_config.unpaired) is not None:
            report.within("tls_config").error(*fault)
        self._check_access(report)
        self._check_selectors(report)

    def _check_access(self, report: Report) -> None:
        if self.api_server and self.kubeconfig_file:
            report.error("cannot use 'kubeconfig_file' and 'api_server' simultaneously", "kubeconfig_file")
        if self._own_http():
            if self.kubeconfig_file:
                report.error(
                    "cannot use a custom HTTP client configuration together with 'kubeconfig_file'", "kubeconfig_file"
                )
            elif not self.api_server:
                report.error("to use custom HTTP client configuration please provide the 'api_server' URL explicitly")
        if self.namespaces.own_namespace and (self.api_server or self.kubeconfig_file):
            key = "api_server" if self.api_server else "kubeconfig_file"
            report.error(f"cannot use '{key}' and 'namespaces.own_namespace' simultaneously", "namespaces")

    def _check_selectors(self, report: Report) -> None:
        allowed = _SELECTABLE.get(self.role, ())
        seen = set()
        for index, selector in enumerate(self.selectors):
            if selector.role in seen:
                report.error(f"duplicated selector role: {selector.role}", "selectors", index, "role")
            elif self.role and selector.role not in allowed:
                names = ", ".join(allowed)
                report.error(f"{self.role} role supports only {names} selectors", "selectors", index, "role")
            seen.add(selector.role)

    def _own_http(self) -> bool:
        plain = HTTPClientConfig()
        return any(
            getattr(self, field.name) != getattr(plain, field.name)
            for field in msgspec.structs.fields(HTTPClientConfig)
        )
