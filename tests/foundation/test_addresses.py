from __future__ import annotations

from collections.abc import Mapping

import pytest
from yarl import URL

from engine.foundation.addresses import DEFAULTS, AddressBook, LocalResponse, Translation, is_service_name
from engine.testing.manual_clock import ManualClock

KNOWN = {"localhost", "db"}


class Resolver:
    def __init__(self) -> None:
        self.asked: list[str] = []

    async def __call__(self, host: str) -> bool:
        self.asked.append(host)
        return host in KNOWN


async def page(url: URL, headers: Mapping[str, str]) -> LocalResponse:
    return LocalResponse(200, {}, str(url).encode())


@pytest.fixture
def resolver() -> Resolver:
    return Resolver()


@pytest.fixture
def book(manual_clock: ManualClock, resolver: Resolver) -> AddressBook:
    return AddressBook(manual_clock, resolves=resolver)


@pytest.mark.parametrize("component", DEFAULTS)
async def test_a_default_address_leads_to_where_the_component_listens(book: AddressBook, component: str) -> None:
    book.listens(component, "127.0.0.1", 12345)
    default = DEFAULTS[component]
    for name in default.hosts:
        route = await book.lead(URL(f"http://{name}:{default.port}/metrics?a=b"))
        assert str(route.url) == "http://127.0.0.1:12345/metrics?a=b"


async def test_a_port_that_many_programs_listen_at_is_not_taken_over_on_loopback(book: AddressBook) -> None:
    book.listens("cadvisor", "127.0.0.1", 12345)
    for address in ("http://localhost:8080/metrics", "http://127.0.0.1:8080/metrics"):
        assert str((await book.lead(URL(address))).url) == address


async def test_a_page_of_this_process_is_asked_in_process(book: AddressBook) -> None:
    book.serves("node", "/metrics", page)
    route = await book.lead(URL("http://node-exporter:9100/metrics?collect[]=cpu"))
    assert route.page is page
    assert book.translations == [Translation("node-exporter:9100", "node, in process")]


async def test_other_paths_of_a_component_are_asked_where_it_listens(book: AddressBook) -> None:
    book.serves("node", "/metrics", page)
    book.listens("node", "127.0.0.1", 12345)
    route = await book.lead(URL("http://node-exporter:9100/other"))
    assert (str(route.url), route.page) == ("http://127.0.0.1:12345/other", None)


async def test_a_component_that_does_not_run_here_is_not_taken_over(book: AddressBook) -> None:
    route = await book.lead(URL("http://localhost:8080/metrics"))
    assert (str(route.url), route.page) == ("http://localhost:8080/metrics", None)


async def test_another_port_of_a_component_is_left_alone(book: AddressBook) -> None:
    book.listens("prometheus", "127.0.0.1", 1)
    assert str((await book.lead(URL("http://localhost:9091/"))).url) == "http://localhost:9091/"


async def test_a_service_name_that_does_not_resolve_leads_to_loopback(book: AddressBook) -> None:
    route = await book.lead(URL("http://backend-api:9999/metrics"))
    assert str(route.url) == "http://127.0.0.1:9999/metrics"


@pytest.mark.parametrize("host", ["db", "localhost", "10.0.0.1", "api.example.com", "[::1]"])
async def test_what_resolves_or_has_a_dot_leads_where_it_says(book: AddressBook, host: str) -> None:
    assert str((await book.lead(URL(f"http://{host}:9999/"))).url) == f"http://{host}:9999/"


async def test_a_translation_is_told_once(manual_clock: ManualClock, resolver: Resolver) -> None:
    told: list[Translation] = []
    book = AddressBook(manual_clock, tell=told.append, resolves=resolver)
    for _ in range(3):
        await book.lead(URL("http://api:1/"))
    assert told == [Translation("api:1", "127.0.0.1:1")] == book.translations


async def test_the_resolver_is_asked_again_after_a_minute(
    book: AddressBook, resolver: Resolver, manual_clock: ManualClock
) -> None:
    for wait in (0, 30_000, 31_000):
        await manual_clock.advance(wait)
        await book.lead(URL("http://api:1/"))
    assert resolver.asked == ["api", "api"]


async def test_nothing_is_translated_where_that_is_turned_off(manual_clock: ManualClock, resolver: Resolver) -> None:
    book = AddressBook(manual_clock, translate=False, resolves=resolver)
    book.listens("prometheus", "127.0.0.1", 1)
    assert str((await book.lead(URL("http://prometheus:9090/"))).url) == "http://prometheus:9090/"
    assert str((await book.lead(URL("http://api:1/"))).url) == "http://api:1/"
    assert resolver.asked == []


def test_service_names_are_those_that_only_a_container_network_knows() -> None:
    assert [is_service_name(host) for host in ("api", "localhost", "a.b", "::1", "127.0.0.1")] == [True] + [False] * 4
