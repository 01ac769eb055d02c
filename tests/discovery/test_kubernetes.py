"""Lists and watches of a cluster that changes, breaks and forgets."""

from __future__ import annotations

import logging
from base64 import b64encode
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from engine.config.prometheus import parse_prometheus
from engine.discovery.config_kubernetes import (
    AttachMetadata,
    KubernetesRole,
    KubernetesSDConfig,
    KubernetesSelector,
    Namespaces,
)
from engine.discovery.kubernetes.discovery import KubernetesDiscovery
from engine.discovery.ports import DiscoveryCounts
from engine.foundation.values import FilePath, Url
from engine.scrape.target import find_targets
from engine.testing.manual_clock import ManualClock
from tests.discovery import kubernetes_objects as shop
from tests.discovery.kubernetes_server import Cluster, kubernetes
from tests.discovery.listening import listening, parts
from tests.foundation.certificates import Certificates


@pytest.fixture
async def cluster() -> AsyncIterator[Cluster]:
    async with kubernetes() as made:
        yield made


def following(cluster: Cluster, role: str, clock: ManualClock, **more: object) -> KubernetesDiscovery:
    counts = more.pop("counts", None)
    assert counts is None or isinstance(counts, DiscoveryCounts)
    config = KubernetesSDConfig(api_server=Url(cluster.server), role=KubernetesRole(role), **more)  # type: ignore[arg-type]
    return KubernetesDiscovery(config, parts(clock, counts=counts))


async def until(clock: ManualClock, holds: Callable[[], bool]) -> None:
    """Time passes until it holds."""
    for _ in range(5_000):
        if holds():
            return
        await clock.advance(1_000)
    assert holds()


def inline(file: str) -> str:
    """A file as a kubeconfig holds it."""
    return b64encode(Path(file).read_bytes()).decode()


def watches(cluster: Cluster, path: str) -> list[str]:
    """The versions from which this path was watched."""
    asked = [urlsplit(url) for url in cluster.asked]
    return [parse_qs(url.query)["resourceVersion"][0] for url in asked if url.path == path and "watch=" in url.query]


def lists(cluster: Cluster, path: str) -> int:
    return sum(url.partition("?")[0] == path and "watch=" not in url for url in cluster.asked)


async def test_pods_that_come_change_and_go_are_followed(cluster: Cluster, manual_clock: ManualClock) -> None:
    await cluster.put(shop.PODS, shop.pod("a", "10.0.0.1"))
    async with listening(following(cluster, "pod", manual_clock), manual_clock) as told:
        await told.more()
        assert set(told.meta("__meta_kubernetes_pod_ip")) == {"10.0.0.1"}
        await cluster.put(shop.PODS, shop.pod("b", "10.0.0.2"))
        await told.more()
        await cluster.put(shop.PODS, shop.pod("a", "10.0.0.3"))
        await told.more()
        assert set(told.meta("__meta_kubernetes_pod_ip")) == {"10.0.0.2", "10.0.0.3"}
        await cluster.delete(shop.PODS, "shop/b")
        await told.more()
        assert set(told.meta("__meta_kubernetes_pod_ip")) == {"10.0.0.3"}
    assert lists(cluster, shop.PODS) == 1


async def test_a_cluster_without_pods_has_told_that_there_are_none(cluster: Cluster, manual_clock: ManualClock) -> None:
    async with listening(following(cluster, "pod", manual_clock), manual_clock) as told:
        await told.more()
        assert told.groups == {}


async def test_long_lists_are_read_page_by_page(cluster: Cluster, manual_clock: ManualClock) -> None:
    cluster.page = 3
    await cluster.put(shop.PODS, *(shop.pod(f"p{number}", f"10.0.0.{number}") for number in range(10)))
    async with listening(following(cluster, "pod", manual_clock), manual_clock) as told:
        await told.more()
        assert len(told.groups) == 10
    assert lists(cluster, shop.PODS) == 4


async def test_a_watch_that_breaks_goes_on_where_it_was(cluster: Cluster, manual_clock: ManualClock) -> None:
    await cluster.put(shop.PODS, shop.pod("a", "10.0.0.1"))
    counts = DiscoveryCounts()
    async with listening(following(cluster, "pod", manual_clock, counts=counts), manual_clock) as told:
        await told.more()
        await until(manual_clock, lambda: len(cluster.open) == 1)
        await cluster.put(shop.PODS, shop.pod("b", "10.0.0.2"))
        await told.more()
        last = str(cluster.version)
        await cluster.disconnect()
        await cluster.put(shop.PODS, shop.pod("c", "10.0.0.3"))
        await until(manual_clock, lambda: len(told.groups) == 3)
        assert watches(cluster, shop.PODS)[1] == last
        await until(manual_clock, lambda: counts.faults == {})
    assert lists(cluster, shop.PODS) == 1


async def test_a_bookmark_moves_the_place_from_which_a_watch_goes_on(
    cluster: Cluster, manual_clock: ManualClock
) -> None:
    await cluster.put(shop.PODS, shop.pod("a"))
    async with listening(following(cluster, "pod", manual_clock), manual_clock) as told:
        await told.more()
        await until(manual_clock, lambda: len(cluster.open) == 1)
        await cluster.put(shop.NODES, shop.node())  # elsewhere: the version of all moves on
        await cluster.bookmark(shop.PODS)
        for _ in range(20):
            await manual_clock.settle()
        await cluster.disconnect()
        await until(manual_clock, lambda: len(watches(cluster, shop.PODS)) == 2)
        assert watches(cluster, shop.PODS)[1] == str(cluster.version)


async def test_what_is_gone_is_listed_again_and_what_vanished_meanwhile_has_no_targets(
    cluster: Cluster, manual_clock: ManualClock
) -> None:
    await cluster.put(shop.PODS, shop.pod("a", "10.0.0.1"), shop.pod("b", "10.0.0.2"))
    async with listening(following(cluster, "pod", manual_clock), manual_clock) as told:
        await told.more()
        await until(manual_clock, lambda: len(cluster.open) == 1)
        await cluster.delete(shop.PODS, "shop/b", quietly=True)
        await cluster.forget()
        await until(manual_clock, lambda: set(told.meta("__meta_kubernetes_pod_ip")) == {"10.0.0.1"})
        assert lists(cluster, shop.PODS) == 2
        assert told.news == [["pod/shop/a", "pod/shop/b"], ["pod/shop/b"]]


async def test_a_watch_from_a_forgotten_version_is_refused_and_everything_listed_again(
    cluster: Cluster, manual_clock: ManualClock
) -> None:
    await cluster.put(shop.PODS, shop.pod("a", "10.0.0.1"))
    async with listening(following(cluster, "pod", manual_clock), manual_clock) as told:
        await told.more()
        await until(manual_clock, lambda: len(cluster.open) == 1)
        cluster.oldest = cluster.version = cluster.version + 5
        await cluster.disconnect()
        await cluster.put(shop.PODS, shop.pod("b", "10.0.0.2"))
        await until(manual_clock, lambda: len(told.groups) == 2)
        assert lists(cluster, shop.PODS) == 2


async def test_what_changes_nothing_that_is_read_makes_no_news(cluster: Cluster, manual_clock: ManualClock) -> None:
    await cluster.put(shop.NODES, shop.node())
    counts = DiscoveryCounts()
    async with listening(following(cluster, "node", manual_clock, counts=counts), manual_clock) as told:
        await told.more()
        beating = shop.node()
        beating["status"]["conditions"] = [{"type": "Ready", "lastHeartbeatTime": "later"}]
        await cluster.put(shop.NODES, beating)
        await until(manual_clock, lambda: counts.kubernetes_events["node", "update"] == 1)
        assert told.news == [["node/n1"]]


async def test_a_refusal_is_shown_with_its_reason_and_the_targets_stay(
    cluster: Cluster, manual_clock: ManualClock, caplog: pytest.LogCaptureFixture
) -> None:
    await cluster.put(shop.PODS, shop.pod("a"))
    counts = DiscoveryCounts()
    async with listening(following(cluster, "pod", manual_clock, counts=counts), manual_clock) as told:
        await told.more()
        with caplog.at_level(logging.ERROR):
            await until(manual_clock, lambda: len(cluster.open) == 1)
            cluster.forbidden.add(shop.PODS)
            await cluster.disconnect()
            await until(manual_clock, lambda: any("403" in fault for fault in counts.faults.values()))
            for _ in range(60):
                await manual_clock.advance(1_000)
        assert counts.faults == {
            f"kubernetes_sd_configs: {shop.PODS} of {cluster.server}": f"{shop.PODS}: 403: {shop.PODS} is forbidden"
        }
        assert len(told.groups) == 1
        assert sum("403" in record.getMessage() for record in caplog.records) == 1
        cluster.forbidden.clear()
        await until(manual_clock, lambda: counts.faults == {})


@pytest.mark.parametrize(("role", "path"), [("endpoints", shop.ENDPOINTS), ("endpointslice", shop.SLICES)])
async def test_addresses_of_a_service_change_with_its_pods_its_nodes_and_itself(
    role: str, path: str, cluster: Cluster, manual_clock: ManualClock
) -> None:
    await cluster.put(path, shop.endpoints("web-1") if role == "endpoints" else shop.endpointslice("web-1"))
    await cluster.put(shop.SERVICES, shop.service())
    await cluster.put(shop.PODS, shop.pod(app="old"))
    await cluster.put(shop.NODES, shop.node(zone="old"))
    source = following(cluster, role, manual_clock, attach_metadata=AttachMetadata(node=True))
    async with listening(source, manual_clock) as told:
        await told.more()
        assert told.meta("__meta_kubernetes_pod_label_app")[0] == "old"
        assert told.meta("__meta_kubernetes_node_label_zone")[0] == "old"

        await cluster.put(shop.PODS, shop.pod(app="new"))
        await told.more()
        assert told.meta("__meta_kubernetes_pod_label_app")[0] == "new"
        await cluster.put(shop.NODES, shop.node(zone="new"))
        await told.more()
        assert told.meta("__meta_kubernetes_node_label_zone")[0] == "new"
        await cluster.delete(shop.SERVICES, "shop/web")
        await told.more()
        assert told.meta("__meta_kubernetes_service_name")[0] == ""


async def test_nothing_is_told_before_all_that_belongs_to_it_is_known(
    cluster: Cluster, manual_clock: ManualClock
) -> None:
    cluster.forbidden.add(shop.SERVICES)
    await cluster.put(shop.ENDPOINTS, shop.endpoints("web-1"))
    async with listening(following(cluster, "endpoints", manual_clock), manual_clock) as told:
        await until(manual_clock, lambda: len(watches(cluster, shop.ENDPOINTS)) == 1)
        assert told.news == []
        cluster.forbidden.clear()
        await until(manual_clock, lambda: told.news == [["endpoints/shop/web"]])


async def test_only_the_wanted_namespaces_and_what_selectors_pick_are_asked_for(
    cluster: Cluster, manual_clock: ManualClock
) -> None:
    await cluster.put(shop.PODS, shop.pod("a"), shop.pod("b", namespace="other"), shop.pod("c", namespace="third"))
    picked = KubernetesSelector(role=KubernetesRole("pod"), label="app=web", field="status.phase=Running")
    source = following(
        cluster, "pod", manual_clock, namespaces=Namespaces(names=("shop", "third")), selectors=(picked,)
    )
    async with listening(source, manual_clock) as told:
        await told.more()
        assert sorted(told.groups) == ["pod/shop/a", "pod/third/c"]
        await cluster.delete(shop.PODS, "third/c", quietly=True)
        await until(manual_clock, lambda: len(cluster.asked) == 4)
        await cluster.forget()
        await until(
            manual_clock, lambda: [key for key, group in told.groups.items() if group.targets] == ["pod/shop/a"]
        )
    assert all("labelSelector=app%3Dweb&fieldSelector=status.phase%3DRunning" in url for url in cluster.asked)
    assert {url.partition("?")[0] for url in cluster.asked} == {
        "/api/v1/namespaces/shop/pods", "/api/v1/namespaces/third/pods",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("role", "release", "path"),
    [
        ("endpointslice", "v1.20.7", "/apis/discovery.k8s.io/v1beta1/endpointslices"),
        ("endpointslice", "v1.21.0+k3s1", shop.SLICES),
        ("ingress", "v1.18.3", "/apis/networking.k8s.io/v1beta1/ingresses"),
        ("ingress", "v1.33.0", shop.INGRESSES),
    ],
)
async def test_the_release_of_the_server_decides_which_api_is_asked(
    role: str, release: str, path: str, manual_clock: ManualClock
) -> None:
    async with kubernetes(release) as cluster:
        await cluster.put(path, shop.ingress() if role == "ingress" else shop.endpointslice("web-1"))
        async with listening(following(cluster, role, manual_clock), manual_clock) as told:
            await told.more()
            assert len(told.groups) == 1


async def test_a_kubeconfig_that_comes_later_is_found(
    cluster: Cluster, tmp_path: Path, manual_clock: ManualClock
) -> None:
    await cluster.put(shop.NODES, shop.node())
    counts, path = DiscoveryCounts(), tmp_path / "kubeconfig"
    config = KubernetesSDConfig(role=KubernetesRole("node"), kubeconfig_file=FilePath("kubeconfig"))
    source = KubernetesDiscovery(config, parts(manual_clock, tmp_path, counts))
    async with listening(source, manual_clock) as told:
        await manual_clock.settle()
        assert list(counts.faults.values()) == [f"{path}: can't be read: No such file or directory"]
        path.write_text(
            f"current-context: c\ncontexts: [{{name: c, context: {{cluster: k, user: u}}}}]\n"
            f"clusters: [{{name: k, cluster: {{server: '{cluster.server}'}}}}]\nusers: [{{name: u, user: {{token: 0123}}}}]\n"
        )
        await until(manual_clock, lambda: told.addresses == ["192.168.0.1:10250"])
    assert cluster.authorization == {"Bearer 0123"}


async def test_the_guides_job_scrapes_the_pods_that_say_so_and_labels_them_as_it_says(
    cluster: Cluster, guide: Path, manual_clock: ManualClock
) -> None:
    written = (guide / "snippets" / "service-discovery-kubernetes.prometheus.yml").read_bytes()
    (job,) = parse_prometheus(written).value.scrape_configs
    wanted, other = shop.pod("web-1", "10.0.0.1", app="web"), shop.pod("db-1", "10.0.0.2")
    wanted["metadata"]["annotations"] = {
        "prometheus.io/scrape": "true", "prometheus.io/path": "/stats", "prometheus.io/port": "9102",
    }  # fmt: skip
    await cluster.put(shop.PODS, wanted, other)
    async with listening(following(cluster, "pod", manual_clock), manual_clock) as told:
        await told.more()
        found = find_targets(told.groups.values(), job)
    (target,) = found.targets  # whatever ports its containers have, all lead to the one that is annotated
    assert target.url == "http://10.0.0.1:9102/stats"
    assert {name: value for name, value in target.labels.pairs if not name.startswith("__")} == {
        "app": "web", "instance": "10.0.0.1:9102", "job": "kubernetes-pods", "kubernetes_namespace": "shop",
        "kubernetes_pod_name": "web-1",
    }  # fmt: skip
    assert len(found.dropped) == 4


async def test_a_client_certificate_that_stands_in_a_kubeconfig_opens_the_door(
    tmp_path: Path, manual_clock: ManualClock
) -> None:
    certificates = Certificates(tmp_path)
    async with kubernetes(tls=certificates.server("127.0.0.1", ask=True)) as cluster:
        await cluster.put(shop.NODES, shop.node())
        ca, cert, key = map(inline, (certificates.ca, certificates.cert, certificates.key))
        (tmp_path / "kubeconfig").write_text(
            "current-context: c\ncontexts: [{name: c, context: {cluster: k, user: u}}]\n"
            f"clusters: [{{name: k, cluster: {{server: '{cluster.server}', certificate-authority-data: {ca}}}}}]\n"
            f"users: [{{name: u, user: {{client-certificate-data: {cert}, client-key-data: {key}}}}}]\n"
        )
        config = KubernetesSDConfig(role=KubernetesRole("node"), kubeconfig_file=FilePath("kubeconfig"))
        source = KubernetesDiscovery(config, parts(manual_clock, tmp_path))
        async with listening(source, manual_clock) as told:
            await told.more()
            assert told.addresses == ["192.168.0.1:10250"]
            await until(manual_clock, lambda: len(cluster.open) == 1)
            await cluster.put(shop.NODES, shop.node("n2"))
            await told.more()
            assert len(told.addresses) == 2
