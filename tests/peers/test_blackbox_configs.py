"""The original judges blackbox.yml files as we do, also those that are nearly right."""

from __future__ import annotations

import random
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import yaml

from engine.config.check import Judging, check
from tests.peers.alone import program

pytestmark = pytest.mark.peer

HOW = Judging(original="blackbox-0.23", translate=False)
MUTANTS = 150
WHOLE = """
modules:
  http:
    prober: http
    timeout: 5s
    http:
      valid_status_codes: [200, 204]
      valid_http_versions: ["HTTP/1.1", "HTTP/2.0"]
      preferred_ip_protocol: ip4
      ip_protocol_fallback: false
      skip_resolve_phase_with_proxy: true
      no_follow_redirects: false
      fail_if_ssl: false
      fail_if_not_ssl: true
      method: POST
      headers: {Host: a.example, Accept-Encoding: "gzip;q=1.0, identity"}
      fail_if_body_matches_regexp: ["a.*b"]
      fail_if_body_not_matches_regexp: [c]
      fail_if_header_matches: [{header: A, regexp: b, allow_missing: true}]
      fail_if_header_not_matches: [{header: A, regexp: "(b|c)"}]
      body: "{}"
      compression: gzip
      body_size_limit: 10MB
      basic_auth: {username: u, password: p}
      proxy_url: "http://proxy:3128"
      follow_redirects: true
      enable_http2: false
      tls_config: {insecure_skip_verify: true, server_name: a, min_version: TLS12}
  oauth2:
    prober: http
    http:
      oauth2: {client_id: a, client_secret: b, scopes: [c], token_url: "http://d", endpoint_params: {e: f}}
  token:
    prober: http
    http: {authorization: {type: Bearer, credentials: x}}
  tcp:
    prober: tcp
    tcp:
      preferred_ip_protocol: ip6
      source_ip_address: 127.0.0.1
      query_response: [{expect: "^220", send: "EHLO ${1}"}, {starttls: true}]
      tls: false
      tls_config: {insecure_skip_verify: false}
  icmp:
    prober: icmp
    icmp: {preferred_ip_protocol: ip4, source_ip_address: "::1", payload_size: 100, dont_fragment: true, ttl: 9}
  dns:
    prober: dns
    dns:
      query_name: example.com
      query_type: SOA
      query_class: IN
      recursion_desired: false
      transport_protocol: tcp
      dns_over_tls: true
      valid_rcodes: [NOERROR, NXDOMAIN]
      validate_answer_rrs:
        fail_if_matches_regexp: [a]
        fail_if_all_match_regexp: [a]
        fail_if_not_matches_regexp: [b]
        fail_if_none_matches_regexp: [c]
  grpc:
    prober: grpc
    grpc: {service: s, tls: true, tls_config: {}, ip_protocol_fallback: true, preferred_ip_protocol: ip4}
"""
TEXTS = [
    "", "# nothing", "modules:", "modules: []", "modules: {a: }", "modules: {a: {}, a: {}}", "x-a: 1", "{}", "---\n...",
    *[f"modules: {{a: {{{text}}}}}" for text in (
        "timeout: 5", "timeout: 0",  "timeout: 1d", "timeout: -5s", "timeout: 1m30s", "timeout: ", "prober: x",
        "prober: ", "http: ", "dns: ", "dns: {}", "dns: {query_name: a, query_type: a}", "dns: {query_name: a, query_class: X}",
        "icmp: {ttl: 256}", "icmp: {ttl: -1}", "icmp: {ttl: '5'}", "icmp: {payload_size: -1}", "tcp: {query_response: [{expect: ':['}]}",
        "tcp: {query_response: [{expect: ''}]}", "tcp: {query_response: [{expectt: a}]}", "tcp: {source_ip_address: x}",
        "http: {body_size_limit: 100}", "http: {body_size_limit: 1MB}", "http: {body_size_limit: 0}", "http: {valid_status_codes: ['200']}",
        "http: {valid_status_codes: 200}", "http: {compression: gzip, headers: {accept-encoding: 'deflate'}}",
        "http: {compression: gzip, headers: {accept-encoding: 'br, gzip;q=0.1'}}", "http: {compression: br, headers: {Accept-Encoding: '*;q=0'}}",
        "http: {compression: br, headers: {Accept-Encoding: 'gzip;q=x, *'}}", "http: {compression: lzw}",
        "http: {fail_if_header_matches: [{header: a}]}", "http: {fail_if_header_matches: [{regexp: a}]}",
        "http: {fail_if_header_not_matches: [{header: a, regexp: ':['}]}", "http: {fail_if_body_matches_regexp: [':[']}",
        "http: {fail_if_body_matches_regexp: a}", "http: {bearer_token: a, bearer_token_file: b}", "http: {basic_auth: {}, bearer_token: a}",
        "http: {tls_config: {min_version: TLS9}}", "http: {tls_config: {cert_file: a}}", "http: {http_headers: {a: {values: [b]}}}", "http: {no_proxy: a}",
        "http: {proxy_url: '::a'}", "http: {oauth2: {}}", "http: {authorization: {type: basic}}", "http: {proxy_connect_header: {a: [b]}}",
        "http: {proxy_url: 'socks5://a:1'}", "http: {basic_auth: {username_file: a}}", "http: {tls_config: {max_version: TLS13}}",
        "http: {headers: {a: 1, b: true}}", "http: {body_file: x}", "grpc: {metadata: {}}", "grpc: {service: 1}", "http: {method: 1}",
    )],
]  # fmt: skip
OTHERS = ["", "x", "5", "-1", "true", "[]", "{}", "~", "[a]", "{a: b}", "1.5", "0x10", "5s", "'('"]


def mutant(seed: int) -> str:
    """The whole file with one or two values replaced, keys renamed or lines left out."""
    dice = random.Random(seed)
    lines = WHOLE.splitlines()
    for _ in range(dice.randint(1, 2)):
        at = dice.randrange(2, len(lines))
        key, colon, _ = lines[at].partition(":")
        match dice.randrange(4):
            case 0:
                del lines[at]
            case 1:
                lines[at] = f"{key}x{colon}{lines[at].partition(':')[2]}"
            case _:
                lines[at] = f"{key}: {dice.choice(OTHERS)}"
    return "\n".join(lines)


def original_accepts(file: Path) -> bool:
    command = [program("prometheus-blackbox-exporter"), "--config.check", f"--config.file={file}"]
    return subprocess.run(command, capture_output=True, check=False, timeout=60).returncode == 0


def differing(texts: list[str], folder: Path) -> list[tuple[str, bool]]:
    """Files of which we say something else, with the original's verdict."""
    files = [folder / f"{number}.yml" for number in range(len(texts))]
    for file, text in zip(files, texts, strict=True):
        file.write_text(text)
    with ThreadPoolExecutor(2) as pool:
        theirs = list(pool.map(original_accepts, files))
    ours = [check(file, "blackbox", HOW).fine for file in files]
    return [(text, real) for text, real, mine in zip(texts, theirs, ours, strict=True) if real != mine]


def test_both_accept_the_whole_file(tmp_path: Path) -> None:
    assert differing([WHOLE], tmp_path) == []
    assert yaml.safe_load(WHOLE)


def test_both_agree_on_odd_files(tmp_path: Path) -> None:
    assert differing(TEXTS, tmp_path) == []


def test_both_agree_on_files_that_are_nearly_right(tmp_path: Path) -> None:
    assert differing([mutant(seed) for seed in range(MUTANTS)], tmp_path) == []
