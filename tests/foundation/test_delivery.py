from __future__ import annotations

import json
from urllib.parse import quote, quote_plus

import pytest

from engine.foundation.addresses import AddressBook
from engine.foundation.delivery import DeliveryPolicy, Outbox, Withheld, masked, masked_url, on_this_machine
from engine.foundation.gojson import encode
from engine.testing.manual_clock import ManualClock


def withheld(n: int) -> Withheld:
    return Withheld(n, "team", "team/webhook[0]", "http://example.com/", "{}")


@pytest.mark.parametrize(
    ("allowed", "here", "permitted"),
    [
        ((), True, True),
        ((), False, False),
        (("team",), False, True),
        (("other",), False, False),
        (("*",), False, True),
    ],
)
def test_what_leaves_this_machine_must_be_allowed(allowed: tuple[str, ...], here: bool, permitted: bool) -> None:
    assert DeliveryPolicy(frozenset(allowed)).permits("team", on_this_machine=here) is permitted


@pytest.mark.parametrize(
    ("host", "known", "here"),
    [
        ("127.0.0.1", False, True),
        ("127.8.8.8", False, True),
        ("::1", False, True),
        ("localhost", False, True),
        ("hooks.localhost", False, True),
        ("10.0.0.1", False, False),
        ("hooks.example.com", False, False),
        ("backend-api", False, True),  # does not resolve, so it means a container whose port is on loopback
        ("", False, False),
    ],
)
async def test_loopback_and_what_leads_there_is_this_machine(
    manual_clock: ManualClock, host: str, known: bool, here: bool
) -> None:
    async def resolves(_: str) -> bool:
        return known

    assert await on_this_machine(host, 80, AddressBook(manual_clock, resolves=resolves)) is here


async def test_without_translation_a_name_that_does_not_resolve_leads_nowhere(manual_clock: ManualClock) -> None:
    book = AddressBook(manual_clock, translate=False)
    assert not await on_this_machine("no-such-host-here", 80, book)


def test_the_outbox_keeps_the_latest_and_counts_all() -> None:
    outbox, seen = Outbox(limit=2), list[Withheld]()
    outbox.watch(seen.append)
    for n in range(3):
        outbox.keep(withheld(n))
    assert [one.time for one in outbox.all()] == [1, 2]
    assert (outbox.total, len(seen)) == (3, 3)


def test_the_outbox_is_bounded_in_size_but_always_keeps_the_newest() -> None:
    outbox = Outbox(characters=10)
    for size in (4, 4, 4, 50):
        outbox.keep(Withheld(size, "team", "team/webhook[0]", "http://example.com/", "x" * size))
        kept = [one.time for one in outbox.all()]
    assert kept == [50]
    outbox.keep(withheld(1))
    assert [one.time for one in outbox.all()] == [1]


@pytest.mark.parametrize("shape", ["x{}y", '{{"k":"{}"}}'])
def test_secrets_are_masked_wherever_they_stand(shape: str) -> None:
    assert masked(shape.format("s3cret"), ["s3cret", ""]) == shape.format("<secret>")


def test_a_secret_is_masked_in_json_and_in_urls_too() -> None:
    assert masked(r'{"a":"q\"z"} /q%22z', ['q"z']) == '{"a":"<secret>"} /<secret>'


@pytest.mark.parametrize("secret", ["a&<b", "a/b c", "ü\u2028", 'q"z', "a+b", "a\nb"])
def test_a_secret_is_masked_in_every_form_in_which_it_is_sent(secret: str) -> None:
    forms = [
        encode(secret).decode(),
        json.dumps(secret),
        quote(secret),
        quote(secret, safe=""),
        quote_plus(secret),
        secret.replace("\n", ""),
    ]
    for text in forms:
        assert masked(text, [secret]).strip('"') == "<secret>"


def test_a_secret_inside_a_longer_one_does_not_spoil_its_mask() -> None:
    assert masked("abcdef", ["abc", "abcdef"]) == "<secret>"


@pytest.mark.parametrize("secret", ["secret", "t", "ecre", "<", ">", "<secret>"])
def test_a_secret_that_the_mask_itself_holds_does_not_spoil_it(secret: str) -> None:
    assert masked(f"of {secret} <secret>", [secret, "of"]) == "<secret> <secret> <secret>"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("http://a.b/c", "http://a.b/c"),
        ("http://u:p@a.b:8/c?t=1&e=", "http://u:<secret>@a.b:8/c?t=<secret>&e=<secret>"),
    ],
)
def test_urls_show_neither_password_nor_query(url: str, shown: str) -> None:
    assert masked_url(url) == shown


def test_what_leads_to_this_machine_is_withheld_too_where_that_is_wanted() -> None:
    policy = DeliveryPolicy(frozenset({"pager"}), here=False)
    assert not policy.permits("team", on_this_machine=True)
    assert policy.permits("pager", on_this_machine=True)
