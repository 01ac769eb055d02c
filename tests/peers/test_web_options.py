"""What Prometheus's `--web.*` flags do, there and here: prefix, origins, consoles, users' files, lifecycle."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest

from tests.peers.http_pair import Answer, Pair, Request, http_pair

pytestmark = pytest.mark.peer


EXAMPLES: Final = Path("/usr/share/doc/prometheus/examples")
LIBRARY: Final = """\
{{ define "row" }}<tr><td title="{{ .Labels.job }}">{{ .Labels.instance }}</td><td>{{ . | value }}</td></tr>{{ end }}
{{ define "head" }}<html><body onload="go({{ .Params.x }})"><a href="/x?a={{ .Params.x }}">{{ .Params.x }}</a>{{ end }}
"""
PAGES: Final = {
    "plain.html": """{{ template "head" . }}<table>
{{ range query "up" | sortByLabel "instance" }}{{ if eq .Labels.job "page" "other" }}{{ tmpl "row" . }}{{ end }}{{ end }}
</table>{{ $path }} {{ $externalLabels.zone }} {{ .ExternalLabels }} {{ pathPrefix }} {{ externalURL }} {{ $rawParams }}
{{ graphLink "up" }} {{ "<b>" }} {{ safeHtml "<b>" }} {{ range .RawParams.x }}[{{ . }}]{{ end }}</body></html>""",
    "deep.html": """{{ range query "sum(requests_total{job='page'}) by (code)" | sortByLabel "code" }}{{ $code := .Labels.code }}
{{ range printf "requests_total{code='%s',job='page'}" $code | query }}{{ .Labels.path }} {{ . | value | humanize }}
{{ printf "requests_total{path='%s',job='page'}" .Labels.path | query | first | value }}{{ end }}{{ end }}""",
    "text.html": "{{ 1 }} {{ $params.x }}",
    "scalar.html": '<p>{{ query "scalar(huge)" | first | value }}</p>',
    "bad.html": "{{ nope",
    "unknown.html": "{{ nope 1 }}",
    "fails.html": '{{ query "nope" | first | value }}',
    "wrong.html": '{{ query "up{" }}',
    "missing.html": '{{ template "nowhere" }}',
    "notmpl.html": '{{ tmpl "nowhere" . }}',
    "sub/inner.html": "inner {{ $path }}",
}
ASKED: Final = (
    *PAGES, "plain.html?x=%3Cb%3E&x=2&y='", "text.html?x=a%26b", "nope.html", "", "sub", "plain.html/x",
    "plain.html?a=%zz", "node.html", "prometheus.html", "node-overview.html?instance=x", "prometheus-overview.html?instance=x",
    "node-cpu.html?instance=x", "node-disk.html?instance=x&device=y",
)  # fmt: skip
REQUESTS: Final = {
    "consoles": [Request("GET", f"/prom/consoles/{page}") for page in ASKED],
    "the prefix": [
        Request(method, path)
        for method in ("GET", "HEAD", "POST")
        for path in (
            "/", "/prom", "/prom/-/ready", "/-/ready", "/prom/api/v1/labels", "/api/v1/labels", "/prom/api/v1/nope",
            "/promx", "/prom/nope",
        )
        if (method, path) not in {("HEAD", "/"), ("HEAD", "/prom"), ("POST", "/prom")}
    ],
    "origins": [
        Request(method, path, (("Origin", origin),))
        for method in ("GET", "OPTIONS")
        for path in ("/prom/api/v1/labels", "/prom/-/ready")
        for origin in ("http://a.example.com", "https://b.example.com", "http://c.example.com", "http://xa.example.com", "x")
    ],
    "files": [
        Request("GET", f"/prom/user/{path}")
        for path in ("a.txt", "b.json", "c.css", "nope", "sub/", "indexed/", "sub/d.html")
    ],
    "lifecycle": [
        Request(method, f"/prom/-/{path}") for path in ("reload", "quit") for method in ("GET", "HEAD", "DELETE", "OPTIONS")
    ] + [Request(method, "/prom/-/reload") for method in ("POST", "PUT")],
    "links": [Request("GET", f"/prom/api/v1/{path}") for path in ("targets", "alerts", "rules")],
}  # fmt: skip


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    folder = tmp_path_factory.mktemp("web")
    texts = {f"consoles/{name}": text for name, text in PAGES.items()}
    texts |= {"libs/a.lib": LIBRARY, "libs/ignored.txt": "{{ bad"}
    texts |= {f"assets/{name}": f"{name}!" for name in ("a.txt", "b.json", "c.css", "sub/d.html", "indexed/index.html")}
    for name, text in texts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    for example in EXAMPLES.glob("console*/*"):
        shutil.copy(example, folder / ("libs" if example.suffix == ".lib" else "consoles"))
    flags = (
        "--web.route-prefix=/prom/", "--web.cors.origin=https?://(a|b)\\.example\\.com", "--web.enable-lifecycle",
        f"--web.console.templates={folder / 'consoles'}", f"--web.console.libraries={folder / 'libs'}",
        f"--web.user-assets={folder / 'assets'}", "--web.page-title=A & B",
    )  # fmt: skip
    with http_pair(folder, *flags, prefix="/prom") as made:
        yield replace(made, real=replace(made.real, prefix=""), ours=replace(made.ours, prefix=""))


def without_kind(request: Request, answer: Answer) -> Answer:
    """Of an answer without a body nobody needs to know of what kind it is not."""
    if request.method != "HEAD":
        return answer
    return replace(answer, headers={k: v for k, v in answer.headers.items() if k != "content-type"})


@pytest.mark.parametrize("name", REQUESTS)
def test_answers_are_the_same(name: str, pair: Pair) -> None:
    wrong = []
    for request in REQUESTS[name]:
        real, ours = (without_kind(request, answer) for answer in pair.ask(request))
        if real != ours:
            wrong.append(f"{request}\n  real {real}\n  ours {ours}")
    assert not wrong, "\n".join(wrong)
