"""The guide's own relabelling: what becomes of pods, and of sites that a prober asks for."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.config.prometheus import parse_prometheus
from engine.discovery.groups import TargetGroup
from engine.discovery.static import static_groups
from engine.scrape.config import ScrapeConfig
from engine.scrape.target import Found, find_targets
from promql.model.labels import Labels

META = "__meta_kubernetes_"


def job(path: Path, name: str) -> ScrapeConfig:
    (found,) = (one for one in parse_prometheus(path.read_bytes()).value.scrape_configs if one.job_name == name)
    return found


@pytest.fixture
def pods(guide: Path) -> ScrapeConfig:
    return job(guide / "snippets" / "service-discovery-kubernetes.prometheus.yml", "kubernetes-pods")


def pod(address: str = "10.1.2.3:80", **meta: str) -> Labels:
    common = {"namespace": "shop", "pod_name": "cart-1", "pod_annotation_prometheus_io_scrape": "true"}
    return Labels.of({"__address__": address, **{META + name: value for name, value in {**common, **meta}.items()}})


def found(config: ScrapeConfig, *labels: Labels) -> Found:
    return find_targets([TargetGroup("pod/shop/cart-1", labels)], config)


def test_a_pod_that_asks_for_it_is_scraped_under_its_own_names(pods: ScrapeConfig) -> None:
    (target,) = found(pods, pod(pod_label_app="cart", pod_label_tier="web")).targets
    assert target.url == "http://10.1.2.3:80/metrics"
    assert target.public.as_dict() == {
        "app": "cart",
        "instance": "10.1.2.3:80",
        "job": "kubernetes-pods",
        "kubernetes_namespace": "shop",
        "kubernetes_pod_name": "cart-1",
        "tier": "web",
    }


@pytest.mark.parametrize("address", ["10.1.2.3:80", "10.1.2.3"])
def test_a_pods_own_port_and_path_are_asked(address: str, pods: ScrapeConfig) -> None:
    own = {"pod_annotation_prometheus_io_port": "9102", "pod_annotation_prometheus_io_path": "/stats?x"}
    (target,) = found(pods, pod(address, **own)).targets
    assert target.url == "http://10.1.2.3:9102/stats%3Fx"
    assert target.public.get("instance") == "10.1.2.3:9102"


def test_a_port_that_is_none_changes_nothing(pods: ScrapeConfig) -> None:
    (target,) = found(pods, pod(pod_annotation_prometheus_io_port="http")).targets
    assert target.url == "http://10.1.2.3:80/metrics"


@pytest.mark.parametrize("said", ["", "false", "trueish", "yes\ntrue"])
def test_other_pods_are_dropped(said: str, pods: ScrapeConfig) -> None:
    result = found(pods, pod(pod_annotation_prometheus_io_scrape=said))
    assert result.targets == ()
    assert len(result.dropped) == 1


def test_a_site_is_asked_for_by_way_of_the_prober(guide: Path) -> None:
    config = job(guide / "monorepo" / "prometheus" / "prometheus.yml", "blackbox")
    first, second = find_targets(static_groups(config.static_configs), config).targets
    probe = "http://blackbox-exporter:9115/probe?module=http_2xx&target=https%3A%2F%2F"
    assert [first.url, second.url] == [f"{probe}example.com%2Fhealth", f"{probe}api.example.com%2Fhealth"]
    assert first.public.as_dict() == {"instance": "https://example.com/health", "job": "blackbox"}
