"""From groups to targets: labels, addresses, URLs, and what is wrong with some."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.discovery.groups import TargetGroup
from engine.discovery.static import static_groups
from engine.foundation.regexes import Regex
from engine.foundation.values import LabelName
from engine.relabel.config import RelabelAction, RelabelConfig
from engine.scrape import urls
from engine.scrape.config import ScrapeConfig
from engine.scrape.target import Found, Target, find_targets
from promql.model.durations import Duration
from promql.model.labels import Labels
from tests.scrape.fakes import job


def put(label: str, value: str, **keys: object) -> RelabelConfig:
    return RelabelConfig(target_label=label, replacement=value, **keys)  # type: ignore[arg-type]


def found(config: ScrapeConfig, *groups: TargetGroup) -> Found:
    return find_targets(groups or static_groups(config.static_configs), config)


def only(config: ScrapeConfig, *groups: TargetGroup) -> Target:
    (target,) = found(config, *groups).targets
    return target


def test_a_target_has_the_labels_of_its_job_its_group_and_itself() -> None:
    group = TargetGroup("0", (Labels.of(__address__="h:1", zone="own"),), Labels.of(zone="group", team="x"))
    target = only(job("api"), group)
    assert target.public.as_dict() == {"instance": "h:1", "job": "api", "team": "x", "zone": "own"}
    assert target.url == "http://h:1/metrics"
    assert (target.interval, target.timeout) == (15_000, 10_000)


def test_discovered_labels_are_those_before_relabelling() -> None:
    target = only(job("api", params={"a": ("1", "2")}, relabel_configs=(put("job", "other"),)))
    assert target.public.get("job") == "other"
    assert target.discovered.as_dict() == {
        "__address__": "h:1",
        "__metrics_path__": "/metrics",
        "__param_a": "1",
        "__scheme__": "http",
        "__scrape_interval__": "15s",
        "__scrape_timeout__": "10s",
        "job": "api",
    }


@pytest.mark.parametrize(
    ("address", "scheme", "expected"),
    [
        ("h", "http", "h:80"),
        ("h", "https", "h:443"),
        ("h:9", "https", "h:9"),
        ("[::1]", "http", "[::1]:80"),
        ("::1", "http", "::1"),
        ("h:", "http", "h:"),
    ],
)
def test_an_address_without_a_port_gets_that_of_its_scheme(address: str, scheme: str, expected: str) -> None:
    target = only(job("j", address, scheme=scheme))
    assert target.public.get("instance") == expected
    assert target.labels.get("__address__") == expected


def test_the_job_s_own_defaults_give_way_to_labels_of_the_group_but_parameters_do_not() -> None:
    group = TargetGroup("0", (Labels.of(__address__="h:1", __metrics_path__="/own", __param_a="own", job="own"),))
    target = only(job(params={"a": ("config",)}), group)
    assert target.url == "http://h:1/own?a=config"
    assert target.public.get("job") == "own"


def test_parameters_come_from_labels_where_there_are_any() -> None:
    config = job(
        params={"a": ("1", "2"), "z y": ("&",)}, relabel_configs=(put("__param_a", "9"), put("__param_b", "8"))
    )
    assert only(config).url == "http://h:1/metrics?a=9&a=2&b=8&z+y=%26"


def test_meta_labels_go_and_internal_ones_stay_off_the_samples() -> None:
    group = TargetGroup("0", (Labels.of(__address__="h:1", __meta_x="1", __tmp="2"),))
    target = only(job(), group)
    assert "__meta_x" not in target.labels
    assert target.labels.get("__tmp") == "2"
    assert "__tmp" not in target.public


def test_relabelling_drops_targets_and_keeps_what_was_discovered() -> None:
    drop = RelabelConfig(source_labels=(LabelName("__address__"),), regex=Regex("a.*"), action=RelabelAction("drop"))
    result = found(job("j", "a:1", "b:1", relabel_configs=(drop,)))
    assert [target.public.get("instance") for target in result.targets] == ["b:1"]
    assert [labels.get("__address__") for labels in result.dropped] == ["a:1"]


@pytest.mark.parametrize(
    ("rule", "error"),
    [
        (put("__address__", ""), "no address"),
        (put("__address__", "a/b"), '"a/b:80" is not a valid hostname'),
        (put("__scrape_interval__", "x"), 'error parsing scrape interval: not a valid duration string: "x"'),
        (put("__scrape_interval__", "0"), "scrape interval cannot be 0"),
        (put("__scrape_timeout__", "0s"), "scrape timeout cannot be 0"),
        (put("__scrape_timeout__", ""), "error parsing scrape timeout: empty duration string"),
        (put("__scrape_timeout__", "20s"), 'scrape timeout cannot be greater than scrape interval ("20s" > "15s")'),
    ],
)
def test_labels_that_make_no_target_are_told(rule: RelabelConfig, error: str) -> None:
    result = found(job(relabel_configs=(rule,)))
    assert (result.targets, result.dropped) == ((), ())
    assert result.failures == (f"instance 0 in group 0: {error}",)


def test_an_unknown_scheme_without_a_port_is_told_with_the_job_s_scheme() -> None:
    result = found(job("j", "h", relabel_configs=(put("__scheme__", "ftp"),)))
    assert result.failures == ('instance 0 in group 0: invalid scheme: "http"',)


def test_own_times_are_taken_from_labels() -> None:
    target = only(job(relabel_configs=(put("__scrape_interval__", "1m"), put("__scrape_timeout__", "250ms"))))
    assert (target.interval, target.timeout, target.interval_text) == (60_000, 250, "1m")


def test_targets_are_the_same_if_labels_and_url_are() -> None:
    config = job("j", "h:1", "h:1", "h:2")
    result = found(
        config, *static_groups(config.static_configs), TargetGroup("9", (Labels.of(__address__="h:1", __tmp="2"),))
    )
    assert [target.url for target in result.targets] == [
        "http://h:1/metrics",
        "http://h:2/metrics",
        "http://h:1/metrics",
    ]
    assert len({target.hash for target in result.targets}) == 3


def test_of_targets_that_are_the_same_the_last_is_shown() -> None:
    groups = [TargetGroup(n, (Labels.of(__address__="h:1", __meta_n=n),)) for n in "12"]
    assert only(job(), *groups).discovered.get("__meta_n") == "2"


def test_a_hash_is_the_same_after_a_restart() -> None:
    assert only(job()).hash == only(job(scrape_timeout=Duration(10_000))).hash


@pytest.mark.parametrize(
    ("path", "expected"),
    [("/x?y z#é", "/x%3Fy%20z%23%C3%A9"), ("metrics", "/metrics"), ("", ""), ("/a:b@c&d=e+f$,;", "/a:b@c&d=e+f$,;"), ("/!(x)", "/%21%28x%29")],
)  # fmt: skip
def test_paths_are_escaped_as_go_escapes_them(path: str, expected: str) -> None:
    assert urls.build("http", "h:1", path, {}) == f"http://h:1{expected}"


@pytest.mark.parametrize(
    ("url", "error"),
    [
        ("http://a%20b:1/x", 'parse "http://a%20b:1/x": invalid URL escape "%20"'),
        ("http://h:abc/x", 'parse "http://h:abc/x": invalid port ":abc" after host'),
        ("http://h:1/x", None),
        ("http://[::1]/x", None),
        ("http://%C3%A9:1/x", None),
        ("http://h/a%20b", None),
    ],
)
def test_urls_that_go_would_refuse_are_refused_in_its_words(url: str, error: str | None) -> None:
    assert urls.fault(url) == error


@pytest.mark.parametrize(
    ("address", "expected"),
    [("h:1", ("h", "1")), ("h", None), ("[::1]:1", ("::1", "1")), ("[::1]", None), ("::1", None), (":1", ("", "1")), ("a[b:1", None)],
)  # fmt: skip
def test_addresses_are_split_as_go_splits_them(address: str, expected: tuple[str, str] | None) -> None:
    assert urls.split_host_port(address) == expected


@given(address=st.text("ab:[]1", max_size=8))
def test_a_split_address_can_be_joined_again(address: str) -> None:
    split = urls.split_host_port(address)
    if split is not None:
        assert address in (":".join(split), f"[{split[0]}]:{split[1]}")


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://localhost:9090/metrics", "https://outer:8443/metrics"),
        ("http://127.0.0.1:9100/metrics?a=b", "http://outer:9100/metrics?a=b"),
        ("http://db:9090/metrics", "http://db:9090/metrics"),
        ("http://localhost/metrics", "http://localhost/metrics"),
    ],
)
def test_global_urls_are_those_that_others_can_call(url: str, expected: str) -> None:
    assert urls.global_url(url, "https://outer:8443/prefix", "127.0.0.1:9090") == expected


def test_no_more_dropped_targets_are_kept_than_the_job_says() -> None:
    drop = RelabelConfig(action=RelabelAction("drop"))
    found = find_targets(
        static_groups(job("j", "a:1", "b:1", "c:1").static_configs),
        job("j", relabel_configs=(drop,), keep_dropped_targets=2),
    )
    assert [labels.get("__address__") for labels in found.dropped] == ["a:1", "b:1"]
    assert found.dropped_count == 3


@pytest.mark.parametrize(
    ("address", "scheme", "expected"),
    [
        ("a", "http", "a"),
        ("a:80", "http", "a"),
        ("a:443", "http", "a:443"),
        ("a:443", "https", "a"),
        ("a:80", "https", "a:80"),
        ("[::1]:80", "http", "::1"),
        ("a:9", "ftp", "a:9"),
    ],
)
def test_without_default_ports_none_is_added_and_that_of_the_scheme_goes(
    address: str, scheme: str, expected: str
) -> None:
    config = job("j", address, scheme=scheme)
    (target,) = find_targets(static_groups(config.static_configs), config, default_ports=False).targets
    assert target.labels.get("__address__") == expected
    assert target.public.get("instance") == address, "which 2.42 leaves as it was written"
