"""The containers of an exported stack: their images, where they look for their files, what they need besides."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from msgspec import Struct


class Container(Struct, frozen=True, kw_only=True):
    """`config` is where its file lies inside; `data` what a volume holds; `component` is what we call it."""

    name: str
    component: str
    image: str
    port: int
    config: str = ""
    data: str = ""
    command: tuple[str, ...] = ()
    volumes: tuple[str, ...] = ()
    more: Mapping[str, object] = MappingProxyType({})


CONTAINERS: Final = (
    Container(
        name="prometheus", component="prometheus", image="prom/prometheus:v2.42.0", port=9090,
        config="/etc/prometheus/prometheus.yml", data="/prometheus",
        command=("--config.file=/etc/prometheus/prometheus.yml", "--storage.tsdb.path=/prometheus"),
    ),
    Container(
        name="alertmanager", component="alertmanager", image="prom/alertmanager:v0.25.0", port=9093,
        config="/etc/alertmanager/alertmanager.yml", data="/alertmanager",
        command=("--config.file=/etc/alertmanager/alertmanager.yml", "--storage.path=/alertmanager"),
    ),
    Container(
        name="loki", component="loki", image="grafana/loki:2.7.4", port=3100,
        config="/etc/loki/local-config.yaml", data="/loki", command=("-config.file=/etc/loki/local-config.yaml",),
    ),
    Container(
        name="promtail", component="promtail", image="grafana/promtail:2.7.4", port=9080,
        config="/etc/promtail/config.yml", command=("-config.file=/etc/promtail/config.yml",),
    ),
    Container(
        name="blackbox-exporter", component="blackbox", image="prom/blackbox-exporter:v0.23.0", port=9115,
        config="/etc/blackbox_exporter/config.yml", command=("--config.file=/etc/blackbox_exporter/config.yml",),
    ),
    Container(
        name="grafana", component="grafana", image="grafana/grafana:9.4.7", port=3000, data="/var/lib/grafana",
    ),
    Container(
        name="node-exporter", component="node", image="prom/node-exporter:v1.5.0", port=9100,
        command=("--path.procfs=/host/proc", "--path.sysfs=/host/sys", "--path.rootfs=/rootfs"),
        volumes=("/proc:/host/proc:ro", "/sys:/host/sys:ro", "/:/rootfs:ro"),
    ),
    Container(
        name="cadvisor", component="cadvisor", image="gcr.io/cadvisor/cadvisor:v0.47.1", port=8080,
        volumes=("/:/rootfs:ro", "/var/run:/var/run:ro", "/sys:/sys:ro", "/var/lib/docker/:/var/lib/docker:ro"),
        more=MappingProxyType({"privileged": True}),
    ),
)  # fmt: skip
AT_PORT: Final = MappingProxyType({one.port: one for one in CONTAINERS})
