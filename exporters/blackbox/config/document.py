"""blackbox.yml, key by key, as release 0.23 reads it; relative paths belong to the folder of the file.

What 0.23 loads and can't use when it probes is a warning here: the other modules work, and nobody reads the log of a
probe before something is wrong.
"""

from __future__ import annotations

import ipaddress
from codecs import BOM_UTF8
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.util import find_spec
from typing import ClassVar, Final, Self

import msgspec

from engine.foundation.decode import Decoded, Report, decode
from engine.foundation.http_config import HTTPClientConfig, TlsConfig, canonical
from engine.foundation.regexes import Regex, RegexError
from engine.foundation.source import Finding, Severity
from engine.foundation.values import GoDuration, Size
from exporters.blackbox.config.accepting import accepts
from exporters.blackbox.config.dns_names import CLASSES, RCODES, TYPES

COMPRESSIONS: Final = ("br", "deflate", "gzip", "identity")
PROBERS: Final = ("http", "tcp", "icmp", "dns", "grpc")
_NEEDS: Final[Mapping[str, tuple[str, str]]] = {"grpc": ("h2", "http2"), "dns": ("dns", "dns")}
"""By prober: the package that it can't do without, and the extra that brings it."""
_HTTP_3: Final = "blackbox_exporter 0.28"
_CEL: Final = "blackbox_exporter 0.27"


@cache
def is_installed(package: str) -> bool:
    """Whether an extra brought it; asked once, since looking costs a tenth of a probe."""
    return find_spec(package) is not None


def missing_extra(prober: str) -> str | None:
    """How to install what this prober lacks, if it lacks anything."""
    package, extra = _NEEDS.get(prober, ("", ""))
    if not package or is_installed(package):
        return None
    return f"the {prober} prober needs {package}: pip install 'monitoring-engine[{extra}]'"


class SearchRegex(Regex):
    """A pattern that is looked for anywhere in a text."""

    __slots__ = ()

    @classmethod
    def from_text(cls, text: str) -> Self:
        return cls(text, anchored=False)


class IpProtocol(str):
    """`ip4` or `ip6`; what is neither is read as ip4 by the original, and empty as ip6."""

    __slots__ = ()

    @classmethod
    def from_text(cls, text: str) -> Self:
        return cls(text)

    @property
    def version(self) -> int:
        return 6 if self in ("", "ip6") else 4


class HeaderMatch(msgspec.Struct, frozen=True, kw_only=True):
    header: str = ""
    regexp: SearchRegex | None = None
    allow_missing: bool = False

    def check(self, report: Report) -> None:
        if not self.header:
            report.error("header name must be set for HTTP header matchers", "header")
        elif self.regexp is None or not self.regexp.pattern:
            report.error("regexp must be set for HTTP header matchers", "regexp")


class HttpProbe(HTTPClientConfig, frozen=True, kw_only=True):
    LATER: ClassVar[Mapping[str, str]] = {
        "body_file": "blackbox_exporter 0.24",
        "fail_if_body_json_matches_cel": _CEL,
        "fail_if_body_json_not_matches_cel": _CEL,
        "enable_http3": _HTTP_3,
    }

    ORDER: ClassVar[tuple[str, ...]] = (
        "valid_status_codes", "valid_http_versions", "preferred_ip_protocol", "ip_protocol_fallback",
        "skip_resolve_phase_with_proxy", "fail_if_ssl", "fail_if_not_ssl", "method", "headers",
        "fail_if_body_matches_regexp", "fail_if_body_not_matches_regexp", "fail_if_header_matches",
        "fail_if_header_not_matches", "body", *HTTPClientConfig.__struct_fields__, "compression", "body_size_limit",
    )  # fmt: skip

    valid_status_codes: tuple[int, ...] = ()
    valid_http_versions: tuple[str, ...] = ()
    preferred_ip_protocol: IpProtocol = IpProtocol()
    ip_protocol_fallback: bool = True
    skip_resolve_phase_with_proxy: bool = False
    no_follow_redirects: bool | None = None
    fail_if_ssl: bool = False
    fail_if_not_ssl: bool = False
    method: str = ""
    headers: Mapping[str, str] = {}
    fail_if_body_matches_regexp: tuple[SearchRegex, ...] = ()
    fail_if_body_not_matches_regexp: tuple[SearchRegex, ...] = ()
    fail_if_header_matches: tuple[HeaderMatch, ...] = ()
    fail_if_header_not_matches: tuple[HeaderMatch, ...] = ()
    body: str = ""
    compression: str = ""
    body_size_limit: Size = Size(0)

    def check(self, report: Report) -> None:
        super().check(report)
        _check_protocol(self.preferred_ip_protocol, report)
        if self.no_follow_redirects is not None:
            report.warning("is deprecated: use follow_redirects", "no_follow_redirects")
        if self.compression.lower() not in ("", *COMPRESSIONS):
            report.warning(f"unsupported compression algorithm (there are: {', '.join(COMPRESSIONS)})", "compression")
        for name, value in self.headers.items():
            if canonical(name) == "Accept-Encoding" and not accepts(self.compression, value):
                text = f'invalid configuration "{name}: {value}", "compression: {self.compression}"'
                report.error(text, "headers", name)
        self._check_versions(report)

    def _check_versions(self, report: Report) -> None:
        wanted = self.valid_http_versions
        known = ("HTTP/1.0", "HTTP/1.1", "HTTP/2.0")
        for index, version in enumerate(wanted):
            if version not in known:
                report.warning(
                    f"no answer is of this version (there are: {', '.join(known)})", "valid_http_versions", index
                )
        if wanted == ("HTTP/2.0",) and not is_installed("h2"):
            report.warning("HTTP/2 needs h2: pip install 'monitoring-engine[http2]'", "valid_http_versions")

    @property
    def follows(self) -> bool:
        """Whether redirects are followed, whichever key says so."""
        return self.follow_redirects if self.no_follow_redirects is None else not self.no_follow_redirects


class QueryResponse(msgspec.Struct, frozen=True, kw_only=True):
    """One step of a conversation: wait for a line, then send one, then speak TLS."""

    LATER: ClassVar[Mapping[str, str]] = {"labels": "blackbox_exporter 0.26", "expect_bytes": "blackbox_exporter 0.28"}

    expect: SearchRegex | None = None
    send: str = ""
    starttls: bool = False


class TcpProbe(msgspec.Struct, frozen=True, kw_only=True):
    preferred_ip_protocol: IpProtocol = IpProtocol()
    ip_protocol_fallback: bool = True
    source_ip_address: str = ""
    query_response: tuple[QueryResponse, ...] = ()
    tls: bool = False
    tls_config: TlsConfig = TlsConfig()

    def check(self, report: Report) -> None:
        _check_protocol(self.preferred_ip_protocol, report)
        _check_source(self.source_ip_address, report)


class IcmpProbe(msgspec.Struct, frozen=True, kw_only=True):
    preferred_ip_protocol: IpProtocol = IpProtocol()
    ip_protocol_fallback: bool = True
    source_ip_address: str = ""
    payload_size: int = 0
    dont_fragment: bool = False
    ttl: int = 64

    def check(self, report: Report) -> None:
        _check_protocol(self.preferred_ip_protocol, report)
        _check_source(self.source_ip_address, report)
        if self.ttl < 0:
            report.error('"ttl" cannot be negative', "ttl")
        if self.ttl > 255:
            report.error('"ttl" cannot exceed 255', "ttl")
        if not 0 <= self.payload_size <= 65_507:
            report.warning("no packet holds so much: want 0 to 65507", "payload_size")


class RecordChecks(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked of the records of one section of a DNS answer; patterns search in a record's text."""

    fail_if_matches_regexp: tuple[str, ...] = ()
    fail_if_all_match_regexp: tuple[str, ...] = ()
    fail_if_not_matches_regexp: tuple[str, ...] = ()
    fail_if_none_matches_regexp: tuple[str, ...] = ()

    def check(self, report: Report) -> None:
        for key in self.__struct_fields__:
            for index, pattern in enumerate(getattr(self, key)):
                try:
                    SearchRegex.from_text(pattern)
                except RegexError as error:
                    report.warning(str(error), key, index)
        if self.fail_if_all_match_regexp:
            text = "every release fails where not all records match, and so does this: use fail_if_matches_regexp"
            report.warning(text, "fail_if_all_match_regexp")


class DnsProbe(msgspec.Struct, frozen=True, kw_only=True):
    preferred_ip_protocol: IpProtocol = IpProtocol()
    ip_protocol_fallback: bool = True
    dns_over_tls: bool = False
    tls_config: TlsConfig = TlsConfig()
    source_ip_address: str = ""
    transport_protocol: str = ""
    query_class: str = ""
    query_name: str = ""
    query_type: str = ""
    recursion_desired: bool = True
    valid_rcodes: tuple[str, ...] = ()
    validate_answer_rrs: RecordChecks = RecordChecks()
    validate_authority_rrs: RecordChecks = RecordChecks()
    validate_additional_rrs: RecordChecks = RecordChecks()

    def check(self, report: Report) -> None:
        _check_protocol(self.preferred_ip_protocol, report)
        _check_source(self.source_ip_address, report)
        if not self.query_name:
            report.error("query name must be set for DNS module", "query_name")
        if self.query_class and self.query_class not in CLASSES:
            report.error(f"query class '{self.query_class}' is not valid", "query_class")
        if self.query_type and self.query_type not in TYPES:
            report.error(f"query type '{self.query_type}' is not valid", "query_type")
        if self.transport not in ("udp", "tcp"):
            report.warning("expected transport protocol udp or tcp", "transport_protocol")
        if self.dns_over_tls and self.transport != "tcp":
            report.warning("DNS over TLS needs transport_protocol tcp", "dns_over_tls")
        for index, rcode in enumerate(self.valid_rcodes):
            if rcode not in RCODES:
                report.warning(f"unknown rcode (there are: {', '.join(RCODES)})", "valid_rcodes", index)

    @property
    def transport(self) -> str:
        return self.transport_protocol or "udp"


class GrpcProbe(msgspec.Struct, frozen=True, kw_only=True):
    LATER: ClassVar[Mapping[str, str]] = {"metadata": "blackbox_exporter 0.28"}

    service: str = ""
    tls: bool = False
    tls_config: TlsConfig = TlsConfig()
    ip_protocol_fallback: bool = True
    preferred_ip_protocol: IpProtocol = IpProtocol()

    def check(self, report: Report) -> None:
        _check_protocol(self.preferred_ip_protocol, report)


class ProbeTimeout(GoDuration):
    """A duration with its unit; a bare `0` is none."""

    __slots__ = ()

    @classmethod
    def from_text(cls, text: str) -> Self:
        if text == "0":
            raise ValueError('want a duration with its unit, such as 5s, got "0"')
        return super().from_text(text)


class Module(msgspec.Struct, frozen=True, kw_only=True):
    """What `module=NAME` asks for. Sections are None where the file has none; `settled` fills them in."""

    LATER: ClassVar[Mapping[str, str]] = {"unix": "blackbox_exporter 0.28", "websocket": "a later blackbox_exporter"}

    prober: str = ""
    timeout: ProbeTimeout = ProbeTimeout(0)
    http: HttpProbe | None = None
    tcp: TcpProbe | None = None
    icmp: IcmpProbe | None = None
    dns: DnsProbe | None = None
    grpc: GrpcProbe | None = None

    def check(self, report: Report) -> None:
        if self.prober not in PROBERS:
            report.warning(f'unknown prober "{self.prober}" (there are: {", ".join(PROBERS)})', "prober")
        elif (fault := missing_extra(self.prober)) is not None:
            report.warning(fault, "prober")

    def settled(self) -> Module:
        """With the sections that the original has even where the file has none."""
        http = self.http or HttpProbe()
        return msgspec.structs.replace(
            self,
            http=msgspec.structs.replace(http, follow_redirects=http.follows, no_follow_redirects=None),
            tcp=self.tcp or TcpProbe(),
            icmp=self.icmp or IcmpProbe(),
            dns=self.dns or DnsProbe(),
        )


class BlackboxConfig(msgspec.Struct, frozen=True, kw_only=True):
    """The whole file."""

    modules: Mapping[str, Module] = {}


def parse_blackbox(
    source: bytes, file: str = "blackbox.yml", /, *, environment: Mapping[str, str] | None = None
) -> Decoded[BlackboxConfig]:
    """The file's content with every section filled in, and everything that is wrong with it."""
    found = decode(source, BlackboxConfig, file, environment=environment)
    modules = {name: module.settled() for name, module in found.value.modules.items()}
    return Decoded(BlackboxConfig(modules=modules), (*found.findings, *_emptiness(source, file)))


def _emptiness(source: bytes, file: str) -> Iterator[Finding]:
    lines = (line.strip() for line in source.removeprefix(BOM_UTF8).splitlines())
    if all(not line or line.startswith(b"#") for line in lines):
        yield Finding(Severity.ERROR, file, 1, 1, "", "the file is empty: name modules under `modules:`")


def _check_protocol(protocol: IpProtocol, report: Report) -> None:
    if protocol not in ("", "ip4", "ip6"):
        report.warning(f'"{protocol}" is neither ip4 nor ip6, and taken for ip4', "preferred_ip_protocol")


def _check_source(address: str, report: Report) -> None:
    try:
        ipaddress.ip_address(address or "::")
    except ValueError:
        report.warning(f'"{address}" is no IP address', "source_ip_address")
