"""Texts of dashboards can do no harm."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.dashboards.html import markdown, sanitised

PIECES = st.sampled_from([
    "<script>", "</script>", "<img src=x onerror=alert(1)>", "<a href='javascript:a'>", "<svg/onload=1>", "<iframe>",
    "</", "<", ">", '"', "'", "<style>", "x", " ", "<b>", "</b>", "<!--", "-->", "<a href=' java&#10;script:1'>", "&lt;script&gt;",
    "<div style='background:url(x)'>", "<p style='color: red'>", "<math><mi//xlink:href='data:x'>",
])  # fmt: skip


class Audit(HTMLParser):
    """Fails on whatever could run or load."""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag not in (
            "script",
            "style",
            "iframe",
            "svg",
            "object",
            "embed",
            "form",
            "input",
            "math",
            "link",
            "meta",
        )
        for name, value in attrs:
            assert not name.startswith("on"), name
            assert "javascript:" not in (value or "").replace("\n", "").lower(), value
            assert "url(" not in (value or ""), value


@given(st.lists(PIECES, max_size=12).map("".join))
def test_nothing_that_comes_out_can_run(text: str) -> None:
    for made in (sanitised(text), markdown(text)):
        audit = Audit()
        audit.feed(made)
        audit.close()


@given(st.text(max_size=60))
def test_any_text_is_taken(text: str) -> None:
    Audit().feed(sanitised(text))


@pytest.mark.parametrize(
    ("text", "made"),
    [
        (
            "# T\n\n*a* [b](http://c)",
            '<h1>T</h1>\n<p><em>a</em> <a href="http://c" rel="noopener noreferrer">b</a></p>\n',
        ),
        ("<script>x</script>y", "y"),
        ("<p style='color: red; position: fixed'>x", '<p style="color: red">x</p>'),
        ("<b>x", "<b>x</b>"),
        ("1 < 2 & 3", "1 &lt; 2 &amp; 3"),
    ],
)
def test_what_is_harmless_stays(text: str, made: str) -> None:
    assert (markdown(text) if text.startswith("#") else sanitised(text)) == made
