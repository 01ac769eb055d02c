"""Syslog messages, and how connections are cut into them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.gotemplate.timeparse import parse_time
from engine.promtail.errors import SourceError
from engine.promtail.targets.syslogparse import Splitter, parse_3164, parse_5424

RFC3339 = "2006-01-02T15:04:05.999999999Z07:00"
NOW = parse_time(RFC3339, "2026-01-01T00:00:00Z") or 0


def test_a_message_of_rfc_5424_is_taken_apart() -> None:
    raw = b'<165>1 2003-10-11T22:14:15.003Z host app 12 ID47 [ex@1 a="b \\"c\\" \\]"][two] \xef\xbb\xbfwords [x]'
    message = parse_5424(raw)
    assert (message.facility, message.severity) == ("local4", "notice")
    assert message.time == parse_time(RFC3339, "2003-10-11T22:14:15.003Z")
    assert (message.host, message.app, message.process, message.id) == ("host", "app", "12", "ID47")
    assert message.data == {"ex@1": {"a": 'b "c" ]'}, "two": {}}
    assert message.text == "words [x]"


def test_what_is_nil_is_empty() -> None:
    message = parse_5424(b"<0>1 - - - - - -")
    assert (message.severity, message.time, message.host, message.text, message.data) == ("emergency", None, "", "", {})


@pytest.mark.parametrize("raw", [b"", b"words", b"<192>1 - - - - - -", b"<1>1 now - - - - -", b"<1>1 - - - - - [x"])
def test_what_is_no_message_is_refused(raw: bytes) -> None:
    with pytest.raises(SourceError):
        parse_5424(raw)


@pytest.mark.parametrize(
    ("raw", "parts"),
    [
        (b"<34>Dec 31 22:14:15 host su[7]: words: x", ("2025-12-31T22:14:15Z", "host", "su", "7", "words: x")),
        (b"<34>Jan  2 22:14:15 host su: words", ("2026-01-02T22:14:15Z", "host", "su", "", "words")),
        (b"<34>2026-01-02T00:00:00Z host cron: words", ("2026-01-02T00:00:00Z", "host", "cron", "", "words")),
    ],
)
def test_a_message_of_rfc_3164_is_taken_apart(raw: bytes, parts: tuple[str, ...]) -> None:
    message = parse_3164(raw, NOW)
    time, *texts = parts
    assert message.time == parse_time(RFC3339, time)
    assert [message.host, message.app, message.process, message.text] == texts


@given(st.lists(st.tuples(st.binary(max_size=20), st.booleans()), max_size=6), st.integers(1, 7))
def test_however_the_bytes_come_messages_come_out(messages: list[tuple[bytes, bool]], step: int) -> None:
    clean = [
        (b"<1>" + body.replace(b"\n", b"").replace(b"\r", b"").replace(b"\0", b""), counted)
        for body, counted in messages
    ]
    data = b"".join(b"%d %s" % (len(body), body) if counted else body + b"\n" for body, counted in clean)
    splitter = Splitter(100)
    found = [one for at in range(0, len(data), step) for one in splitter.feed(data[at : at + step])]
    assert found == [body for body, _ in clean]


@given(st.binary(max_size=200))
def test_any_bytes_are_messages_or_refused(data: bytes) -> None:
    splitter = Splitter(50)
    try:
        for message in [*splitter.feed(data), *splitter.finish()]:
            for parse in (parse_5424, lambda raw: parse_3164(raw, NOW)):
                try:
                    parse(message)
                except SourceError:
                    continue
    except SourceError:
        return


def test_a_message_that_is_too_long_ends_the_connection() -> None:
    for data in (b"<1>" + b"x" * 60, b"70 x", b"99999999999 x", b"12345678901234"):
        with pytest.raises(SourceError):
            Splitter(50).feed(data)
