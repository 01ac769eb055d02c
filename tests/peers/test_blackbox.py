"""The original blackbox exporter and ours ask the same servers, and say the same."""

from __future__ import annotations

import re
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

import pytest
import yaml

from tests.end_to_end.processes import ENGINE, fetch, free_port, running, wait_for
from tests.exporters.blackbox import servers as make
from tests.exporters.blackbox.certificates import ODD_NAME, Authority
from tests.exporters.blackbox.servers import Servers, in_a_thread
from tests.peers.alone import program

pytestmark = pytest.mark.peer

TIMES = re.compile("probe_(duration_seconds|dns_lookup_time_seconds|(http|icmp|dns|grpc)_duration_seconds)")
MODULES = """
modules:
  plain: {prober: http, http: {preferred_ip_protocol: ip4}}
  stay: {prober: http, http: {follow_redirects: false}}
  stay_and_read: {prober: http, http: {follow_redirects: false, valid_status_codes: [302], fail_if_body_matches_regexp: [x]}}
  codes: {prober: http, http: {valid_status_codes: [404, 500]}}
  old: {prober: http, http: {valid_http_versions: ["HTTP/1.0"]}}
  two: {prober: http, http: {valid_http_versions: ["HTTP/2.0"], tls_config: {ca_file: CA}}}
  ssl: {prober: http, http: {fail_if_ssl: true, tls_config: {ca_file: CA}}}
  no_ssl: {prober: http, http: {fail_if_not_ssl: true}}
  short: {prober: http, timeout: 500ms}
  post: {prober: http, http: {method: POST, body: "a body", headers: {X-Own: "1", Host: own.example}}}
  empty_post: {prober: http, http: {method: POST}}
  head: {prober: http, http: {method: HEAD}}
  has_fox: {prober: http, http: {fail_if_body_not_matches_regexp: ["brown fox"]}}
  no_fox: {prober: http, http: {fail_if_body_matches_regexp: ["cat", "fox"]}}
  any_bytes: {prober: http, http: {fail_if_body_not_matches_regexp: ["^a..b$"]}}
  two_values: {prober: http, http: {fail_if_header_not_matches: [{header: x-two, regexp: "^two$"}]}}
  no_two: {prober: http, http: {fail_if_header_matches: [{header: X-Two, regexp: "one"}]}}
  missing: {prober: http, http: {fail_if_header_matches: [{header: X-Not, regexp: "a"}]}}
  may_miss: {prober: http, http: {fail_if_header_not_matches: [{header: X-Not, regexp: "a", allow_missing: true}]}}
  gzip: {prober: http, http: {compression: gzip, fail_if_body_not_matches_regexp: ["fox"]}}
  gzip_alone: {prober: http, http: {compression: gzip}}
  deflate: {prober: http, http: {compression: deflate}}
  br: {prober: http, http: {compression: br}}
  odd: {prober: http, http: {compression: lzw}}
  little: {prober: http, http: {body_size_limit: 100B}}
  enough: {prober: http, http: {body_size_limit: 1000B}}
  little_fox: {prober: http, http: {body_size_limit: 100B, fail_if_body_not_matches_regexp: ["fox"]}}
  six: {prober: http, http: {preferred_ip_protocol: ip6, ip_protocol_fallback: false}}
  four: {prober: http, http: {preferred_ip_protocol: ip4, ip_protocol_fallback: false}}
  auth: {prober: http, http: {basic_auth: {username: u, password: p}}}
  bearer: {prober: http, http: {bearer_token: secret}}
  proxy: {prober: http, http: {proxy_url: "http://PROXY", skip_resolve_phase_with_proxy: true}}
  known: {prober: http, http: {tls_config: {ca_file: CA}}}
  known_1: {prober: http, http: {enable_http2: false, tls_config: {ca_file: CA}}}
  named: {prober: http, http: {tls_config: {server_name: other.example, ca_file: CA}}}
  by_host: {prober: http, http: {headers: {Host: other.example}, tls_config: {ca_file: CA}}}
  blind: {prober: http, http: {tls_config: {insecure_skip_verify: true}}}
  own: {prober: http, http: {tls_config: {ca_file: OWN}}}
  no_file: {prober: http, http: {tls_config: {ca_file: /nowhere.pem}}}
  tcp: {prober: tcp}
  tcp_short: {prober: tcp, timeout: 500ms, tcp: {query_response: [{expect: x}]}}
  tcp_four: {prober: tcp, tcp: {preferred_ip_protocol: ip4, ip_protocol_fallback: false, source_ip_address: 127.0.0.1}}
  tcp_tls: {prober: tcp, tcp: {tls: true, tls_config: {ca_file: CA}}}
  tcp_blind: {prober: tcp, tcp: {tls: true, tls_config: {insecure_skip_verify: true}}}
  banner: {prober: tcp, tcp: {query_response: [{expect: "^SSH-2.0-"}]}}
  irc:
    prober: tcp
    tcp:
      query_response: [{send: NICK prober}, {expect: "PING :([^ ]+)", send: "PONG ${1}"}, {expect: "^:[^ ]+ 001"}]
  smtp:
    prober: tcp
    tcp:
      tls_config: {ca_file: CA}
      query_response:
      - {expect: "^220 "}
      - {send: "EHLO prober\\r"}
      - {expect: "^250-STARTTLS"}
      - {send: "STARTTLS\\r"}
      - {expect: "^220"}
      - {starttls: true}
      - {send: "EHLO prober\\r"}
      - {expect: "^250-AUTH"}
      - {send: "QUIT\\r"}
  icmp: {prober: icmp, timeout: 2s}
  icmp_big: {prober: icmp, timeout: 2s, icmp: {payload_size: 3000, ttl: 5, source_ip_address: 127.0.0.1}}
  icmp_whole: {prober: icmp, timeout: 2s, icmp: {dont_fragment: true, preferred_ip_protocol: ip4}}
  dns_a: {prober: dns, dns: {query_name: example.com, query_type: A}}
  dns_any: {prober: dns, dns: {query_name: example.com}}
  dns_soa: {prober: dns, dns: {query_name: example.com, query_type: SOA, recursion_desired: false}}
  dns_tcp: {prober: dns, dns: {query_name: example.com, query_type: A, transport_protocol: tcp}}
  dns_tls:
    prober: dns
    dns: {query_name: example.com, query_type: A, transport_protocol: tcp, dns_over_tls: true, tls_config: {ca_file: CA}}
  dns_tls_udp: {prober: dns, dns: {query_name: example.com, dns_over_tls: true}}
  dns_sctp: {prober: dns, dns: {query_name: example.com, transport_protocol: sctp}}
  dns_none: {prober: dns, dns: {query_name: none.example, query_type: A}}
  dns_none_is_fine: {prober: dns, dns: {query_name: none.example, query_type: A, valid_rcodes: [NXDOMAIN, REFUSED]}}
  dns_odd_rcode: {prober: dns, dns: {query_name: example.com, valid_rcodes: [FOO]}}
  dns_chaos: {prober: dns, dns: {query_name: version.bind, query_class: CH, query_type: TXT}}
  dns_silent: {prober: dns, timeout: 500ms, dns: {query_name: silent}}
  dns_garbage: {prober: dns, timeout: 2s, dns: {query_name: garbage}}
  dns_matches: {prober: dns, dns: {query_name: example.com, query_type: A, validate_answer_rrs: {fail_if_matches_regexp: [".*127.0.0.2"]}}}
  dns_not: {prober: dns, dns: {query_name: example.com, query_type: A, validate_answer_rrs: {fail_if_not_matches_regexp: ["^example.com.\\t60\\tIN\\tA\\t127.0.0.[0-9]$"]}}}
  dns_not_2: {prober: dns, dns: {query_name: example.com, query_type: A, validate_answer_rrs: {fail_if_not_matches_regexp: ["127.0.0.1"]}}}
  dns_all: {prober: dns, dns: {query_name: example.com, query_type: A, validate_answer_rrs: {fail_if_all_match_regexp: ["127"]}}}
  dns_all_2: {prober: dns, dns: {query_name: example.com, query_type: A, validate_answer_rrs: {fail_if_all_match_regexp: ["127.0.0.1"]}}}
  dns_none_match: {prober: dns, dns: {query_name: example.com, query_type: MX, validate_answer_rrs: {fail_if_none_matches_regexp: ["10 mail.example.com.$"]}}}
  dns_txt: {prober: dns, dns: {query_name: example.com, query_type: TXT, validate_answer_rrs: {fail_if_none_matches_regexp: ["\\t\\"v=spf1 -all\\" \\"and more\\"$"]}}}
  dns_srv: {prober: dns, dns: {query_name: _sip._tcp.example.com, query_type: SRV, validate_answer_rrs: {fail_if_none_matches_regexp: ["\\tSRV\\t1 2 5060 sip.example.com.$"]}}}
  dns_more: {prober: dns, dns: {query_name: example.com, query_type: A, validate_additional_rrs: {fail_if_not_matches_regexp: ["ns.example"]}, validate_authority_rrs: {fail_if_none_matches_regexp: [a]}}}
  dns_bad_pattern: {prober: dns, dns: {query_name: example.com, query_type: A, validate_answer_rrs: {fail_if_matches_regexp: ["("]}}}
  grpc: {prober: grpc, grpc: {}}
  grpc_down: {prober: grpc, grpc: {service: down}}
  grpc_unknown: {prober: grpc, grpc: {service: unknown}}
  grpc_tls: {prober: grpc, grpc: {tls: true, tls_config: {ca_file: CA}}}
  nonsense: {prober: nonsense}
"""
CASES = [
    *[f"plain http{path}" for path in ("", "/ok", "/empty", "/no-content", "/http10", "/unknown-length", "/chunked")],
    *[f"plain http{path}" for path in ("/cut-chunks", "/cut", "/nonsense", "/nothing", "/gzip", "/modified", "/early")],
    *[f"plain http{path}" for path in ("/badly-modified", "/no-location", "/to-ftp", "/status/404", "/status/500")],
    *[f"plain http{path}" for path in ("/redirect/1", "/redirect/3", "/redirect/10", "/redirect/11", "/to-elsewhere")],
    "stay http/redirect/1", "stay_and_read http/redirect/1", "stay http/ok", "codes http/status/404", "codes http/ok",
    "old http/ok", "old http/http10", "ssl http/ok", "no_ssl http/ok", "short http/slow", "short http/slow-body",
    "post http/echo", "empty_post http/echo", "head http/ok", "has_fox http/ok", "has_fox http/", "no_fox http/ok",
    "no_fox http/", "any_bytes http/bytes", "two_values http/headers", "two_values http/ok", "no_two http/headers",
    "no_two http/ok", "missing http/ok", "may_miss http/ok", "gzip http/gzip", "gzip http/ok", "gzip_alone http/ok",
    "gzip_alone http/two-gzips", "gzip_alone http/cut-gzip", "gzip_alone http/bad-gzip", "gzip_alone http/empty",
    "deflate http/deflate", "deflate http/ok", "br http/br", "br http/ok", "odd http/ok", "little http/ok",
    "enough http/ok", "little http/chunked", "little_fox http/ok", "auth http/echo", "bearer http/echo",
    "six http/ok", "four http/ok", "plain closed", "plain nowhere.invalid", "plain [::1", "plain http://", "proxy http/ok",
    "proxy https://example.com/ok", "missing_module http", "nonsense http",
    *[f"known https/{path}" for path in ("ok", "redirect/2", "status/503")], "known http/to-https", "known_1 both/ok",
    "known expired/ok", "known other/ok", "named other/ok", "by_host other/ok", "blind expired/ok", "blind other/ok",
    "plain https/ok", "ssl https/ok", "no_ssl https/ok", "known plainly/ok", "own own/ok", "blind own/ok", "no_file https/ok",
    "no_file http/ok", "known both/ok", "two both/ok", "two https/ok", "known both/redirect/1", "known both/missing",
    "known by_name/ok",
    "tcp http", "tcp closed", "tcp nowhere.invalid:80", "tcp 127.0.0.1", "tcp_four http", "tcp_short silence",
    "tcp_tls https", "tcp_tls expired", "tcp_tls other", "tcp_blind expired", "tcp_tls http", "tcp_blind own", "banner ssh",
    "banner http", "irc irc", "banner irc", "banner shut", "smtp smtp", "smtp ssh", "smtp smtp_other",
    "icmp 127.0.0.1", "icmp localhost", "icmp nowhere.invalid", "icmp_big 127.0.0.1", "icmp_whole 127.0.0.1", "icmp ::1",
    *[f"{name} dns" for name in (
        "dns_a", "dns_any", "dns_soa", "dns_tls_udp", "dns_sctp", "dns_none", "dns_none_is_fine", "dns_odd_rcode", "dns_chaos",
        "dns_silent", "dns_garbage", "dns_matches", "dns_not", "dns_not_2", "dns_all", "dns_all_2", "dns_none_match",
        "dns_txt", "dns_srv", "dns_more", "dns_bad_pattern",
    )],
    "dns_tcp dns_tcp", "dns_tcp closed", "dns_a closed", "dns_tls dns_tls", "dns_tls dns_tls_other", "dns_a nowhere.invalid",
    "dns_tcp silence", "grpc grpc", "grpc_down grpc", "grpc_unknown grpc", "grpc closed", "grpc h2c", "grpc_tls grpc_tls",
    "grpc grpc_tls", "grpc_tls grpc_other", "grpc nowhere.invalid:1", "grpc ssh",
]  # fmt: skip


@dataclass(frozen=True)
class Pair:
    """Where each exporter listens, and the servers that they ask."""

    real: str
    ours: str
    servers: Servers

    def target(self, written: str) -> str:
        """`NAME/PATH` of a server, or whatever is written. TLS is spoken where the server does."""
        name, slash, path = written.partition("/")
        place = self.servers.places.get(name)
        if place is None:
            return written
        return ("https://" if name in ENCRYPTED and slash else "") + place + slash + path


ENCRYPTED = {"https", "expired", "other", "plainly", "own", "both", "by_name"}


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    folder = tmp_path_factory.mktemp("blackbox")
    with in_a_thread() as servers, ExitStack() as stack:
        authority = Authority(folder)
        own = _listen(servers, authority)
        text = (
            MODULES.replace("CA}", f"{authority.ca}}}")
            .replace("OWN", str(own))
            .replace("PROXY", servers.places["proxy"])
        )
        file = folder / "blackbox.yml"
        file.write_text(text)
        places = [f"127.0.0.1:{free_port()}" for _ in range(2)]
        real = [program("prometheus-blackbox-exporter"), f"--config.file={file}", f"--web.listen-address={places[0]}"]
        ours = [*ENGINE, "exporter", "blackbox", f"--config={file}", f"--listen={places[1]}"]
        for command, place, log in zip((real, ours), places, ("real.log", "ours.log"), strict=True):
            stack.enter_context(running(command, folder / log))
            wait_for(log, lambda place=place: fetch(f"http://{place}/-/healthy"))  # type: ignore[misc]
        yield Pair(*places, servers)


def _listen(servers: Servers, authority: Authority) -> Path:
    """Every server; gives the file of the certificate that signed itself."""
    pages, smtp = make.http(servers), ("<EHLO", ">250-mail\r\n250-STARTTLS\r\n250 OK\r\n", "<STARTTLS", ">220 go\r\n")
    here, there = authority.server("127.0.0.1", "localhost"), authority.server("other.example")
    both = authority.server("127.0.0.1", protocols=("h2", "http/1.1"))
    own, file = authority.own(ODD_NAME)
    servers.listen("http", pages)
    servers.listen("proxy", make.lines("<CONNECT", ">HTTP/1.1 403 Forbidden\r\n\r\n"))
    servers.listen("https", pages, here)
    servers.listen("expired", pages, authority.server("127.0.0.1", days=-1))
    servers.listen("other", pages, there)
    servers.listen("own", pages, own)
    servers.listen("plainly", pages)
    servers.listen("both", make.http2(servers), both)
    servers.listen("ssh", make.lines(">SSH-2.0-OpenSSH_9.2\r\n"))
    servers.listen("shut", make.lines())
    servers.listen("silence", make.silence)
    servers.listen(
        "irc", make.lines("<NICK", ">:server NOTICE\n:x PING :abc def\r\n", "<PONG abc", ">:server 001 welcome\n")
    )
    servers.listen(
        "smtp", make.lines(">220 mail\r\n", *smtp, here, "<EHLO", ">250-mail\r\n250-AUTH PLAIN\r\n250 OK\r\n")
    )
    servers.listen("smtp_other", make.lines(">220 mail\r\n", *smtp, there))
    servers.listen("dns_tcp", make.dns_over_tcp)
    servers.listen("dns_tls", make.dns_over_tcp, here)
    servers.listen("dns_tls_other", make.dns_over_tcp, there)
    make.dns_over_udp(servers)
    serving = {"": 1, "down": 2}
    servers.listen("grpc", make.http2(servers, serving))
    servers.listen("h2c", make.http2(servers))
    servers.listen("grpc_tls", make.http2(servers, serving), both)
    servers.listen("grpc_other", make.http2(servers, serving), authority.server("other.example", protocols=("h2",)))
    servers.places["closed"] = f"127.0.0.1:{free_port()}"
    servers.places["by_name"] = servers.places["https"].replace("127.0.0.1", "localhost")
    make.PAGES["/to-https"] = make.answer(b"x", "302 Found", Location=f"https://{servers.places['https']}/ok")
    make.PAGES["/to-elsewhere"] = make.answer(
        b"x",
        "302 Found",
        Location=f"http://{servers.places['by_name']}/ok".replace(
            servers.places["https"].rpartition(":")[2], servers.places["http"].rpartition(":")[2]
        ),
    )
    return file


WAITING = ("banner http", "banner irc", "known plainly/ok", "dns_tcp silence", "tcp_tls http")
"""Where both sides wait for the other until time is up."""


def asked(exporter: str, module: str, target: str, timeout: str = "5", **more: str) -> tuple[int, str]:
    """Status and page."""
    url = f"http://{exporter}/probe?{urlencode({'module': module, 'target': target, **more})}"
    request = urllib.request.Request(url, headers={"X-Prometheus-Scrape-Timeout-Seconds": timeout})
    try:
        with urllib.request.urlopen(request, timeout=40) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def said(page: str) -> list[str]:
    """The page without what is a matter of time."""
    return [re.sub(r" [^ ]+$", " TIME", line) if TIMES.match(line) else line for line in page.splitlines()]


@pytest.mark.parametrize("case", CASES)
def test_both_say_the_same_of_the_same_server(pair: Pair, case: str) -> None:
    module, target = case.split(" ", 1)
    timeout = "1" if case in WAITING else "5"
    real, ours = (asked(exporter, module, pair.target(target), timeout) for exporter in (pair.real, pair.ours))
    assert (ours[0], said(ours[1])) == (real[0], said(real[1]))


def heads(pair: Pair, module: str, target: str) -> list[list[str]]:
    """The requests that came of each, without what differs by nature."""
    found = []
    for exporter in (pair.real, pair.ours):
        before = len(pair.servers.asked)
        asked(exporter, module, pair.target(target))
        requests = [request.split("\r\n") for request in pair.servers.asked[before:]]
        found.append(
            [
                line
                for first, *rest in requests
                for line in (first, *sorted(rest))
                if line and not line.startswith("Referer")
            ]
        )
    return found


@pytest.mark.parametrize("case", ["plain http/ok", "post http/echo", "empty_post http/echo", "head http/ok", "auth http/echo",
                                  "bearer http/echo", "plain http/redirect/3", "plain http/a b?c=d%20e#f"])  # fmt: skip
def test_both_ask_in_the_same_way(pair: Pair, case: str) -> None:
    module, target = case.split(" ", 1)
    real, ours = heads(pair, module, target)
    assert ours == real


@pytest.mark.parametrize(
    "query",
    [
        {"module": "plain", "target": ""}, {"target": "http"}, {"module": "plain", "target": "http", "hostname": "a.example"},
        {"module": "post", "target": "http", "hostname": "a.example"}, {"module": "post", "target": "http", "hostname": "own.example"},
    ],
)  # fmt: skip
def test_both_answer_odd_questions_alike(pair: Pair, query: dict[str, str]) -> None:
    told = {"module": "", **query, "target": pair.target(query["target"])}
    real, ours = (asked(exporter, **told) for exporter in (pair.real, pair.ours))
    assert (ours[0], said(ours[1])) == (real[0], said(real[1]))


def test_both_refuse_a_timeout_that_is_no_number(pair: Pair) -> None:
    real, ours = (asked(exporter, "plain", pair.target("http"), "soon") for exporter in (pair.real, pair.ours))
    assert ours == real
    assert ours[0] == 500


@pytest.mark.parametrize("path", ["/-/healthy", "/-/reload", "/logs?id=99999", "/logs?id=x"])
def test_both_answer_alike_beside_probes(pair: Pair, path: str) -> None:
    assert page(pair.ours, path) == page(pair.real, path)


def page(exporter: str, path: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(f"http://{exporter}{path}", timeout=20) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def test_both_show_the_same_configuration(pair: Pair) -> None:
    real, ours = (yaml.safe_load(page(exporter, "/config")[1]) for exporter in (pair.real, pair.ours))
    assert ours == real


def test_both_show_a_module_in_the_same_way(pair: Pair) -> None:
    for module in ("smtp", "post", "proxy", "dns_not", "grpc_tls"):
        shown = [
            asked(exporter, module, "closed", debug="true")[1].partition("Module configuration:\n")[2]
            for exporter in (pair.real, pair.ours)
        ]
        assert shown[1] == shown[0]
