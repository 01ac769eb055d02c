"""Scalars of configuration files: what they take, what they refuse, how they print."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.foundation.values import GoDuration, HostPort, HttpUrl, LabelName, Secret, SecretUrl, Size, Url


@pytest.mark.parametrize(
    ("text", "size"),
    [("0", 0), ("10MB", 10 << 20), ("10MiB", 10 << 20), ("512KB", 512 << 10), ("1.5GB", 3 << 29), ("7B", 7)],
)
def test_sizes_count_in_1024s(text: str, size: int) -> None:
    assert Size.from_text(text) == size


@pytest.mark.parametrize(
    ("text", "message"),
    [("100", "units: unknown unit  in 100"), ("10XB", "units: unknown unit XB in 10XB"), ("XB", "units: invalid XB")],
)
def test_sizes_are_refused_in_prometheus_words(text: str, message: str) -> None:
    with pytest.raises(ValueError, match="units") as error:
        Size.from_text(text)
    assert str(error.value) == message


def test_sizes_print_their_largest_units_first() -> None:
    assert [str(Size(n)) for n in (0, 10 << 20, 1536, 5)] == ["0B", "10MiB", "1KiB512B", "5B"]


@given(st.integers(min_value=0, max_value=2**60))
def test_a_printed_size_is_the_same_size(size: int) -> None:
    text = str(Size(size))
    if sum(map(str.isalpha, text)) <= 3:  # Go reads back one unit alone
        assert Size.from_text(text) == size


@pytest.mark.parametrize(
    ("text", "ms"), [("1h30m", 5_400_000), ("1.5s", 1500), ("-1m", -60_000), ("0", 0), ("300ms", 300)]
)
def test_go_durations_have_fractions(text: str, ms: int) -> None:
    assert GoDuration.from_text(text) == ms


@pytest.mark.parametrize("text", ["1d", "5", "1h30", "h", ".s", "1 h", "--1s"])
def test_go_durations_know_no_days(text: str) -> None:
    with pytest.raises(ValueError, match="time: invalid duration"):
        GoDuration.from_text(text)


@given(st.integers(min_value=-(10**12), max_value=10**12))
def test_a_printed_go_duration_is_the_same_duration(ms: int) -> None:
    assert GoDuration.from_text(str(GoDuration(ms))) == ms


def test_secrets_are_seen_only_on_purpose() -> None:
    secret = Secret("hush")
    assert "hush" not in f"{secret} {secret!r} {[secret]}"
    assert secret.reveal() == "hush"
    assert (bool(Secret()), str(Secret())) == (False, "")
    assert secret == Secret("hush") != Secret("other")
    assert secret != Url("hush")


def test_a_url_prints_without_its_password() -> None:
    url = Url("http://me:hush@host:99/path?q=1")
    assert (str(url), url.reveal()) == ("http://me:xxxxx@host:99/path?q=1", "http://me:hush@host:99/path?q=1")
    assert (url.scheme, url.host) == ("http", "host:99")
    assert str(SecretUrl("http://hooks/secret")) == "<secret>"


@pytest.mark.parametrize("text", ["::a", "5:1", "25:00/x?a", "http://a:b:c", "http://[::1", "http://a:99999999"])
def test_a_url_that_go_cannot_parse_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="parse"):
        Url.from_text(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("ftp://a", 'unsupported scheme "ftp" for URL'),
        ("http://", "missing host for URL"),
        ("a", 'unsupported scheme "" for URL'),
    ],
)
def test_alertmanager_urls_are_http(text: str, message: str) -> None:
    with pytest.raises(ValueError, match="URL") as error:
        HttpUrl.from_text(text)
    assert str(error.value) == message


def test_a_shown_secret_url_loads_again() -> None:
    assert SecretUrl.from_text("<secret>").reveal() == "<secret>"


@pytest.mark.parametrize(
    ("text", "host", "port"), [("a:25", "a", "25"), ("[::1]:smtp", "::1", "smtp"), (":25", "", "25")]
)
def test_a_host_comes_with_its_port(text: str, host: str, port: str) -> None:
    found = HostPort.from_text(text)
    assert (found.host, found.port, str(found)) == (host, port, text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a", "address a: missing port in address"),
        ("a:", 'address "a:": port cannot be empty'),
        ("a:b:c", "address a:b:c: too many colons in address"),
    ],
)
def test_a_host_without_port_is_refused(text: str, message: str) -> None:
    with pytest.raises(ValueError, match="address") as error:
        HostPort.from_text(text)
    assert str(error.value) == message


@given(st.text())
def test_scalars_refuse_with_value_errors_alone(text: str) -> None:
    for kind in (Size, GoDuration, Url, HttpUrl, SecretUrl, HostPort, LabelName):
        with suppress(ValueError):
            kind.from_text(text)
