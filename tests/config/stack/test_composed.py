"""A compose file as flags of `engine run`."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.config.stack.composed import Composed, composed
from engine.foundation.errors import ConfigError
from exporters.node.flags import parse_flags

KNOWN = (
    "--config",
    "--grafana-provisioning",
    "--web.enable-lifecycle",
    "--web.config.file",
    "--storage.tsdb.retention.time",
)


def made(
    folder: Path, text: str, environment: dict[str, str] | None = None, profiles: tuple[str, ...] = ()
) -> Composed:
    (folder / "p.yml").touch()
    (folder / "compose.yml").write_text(text)
    return composed(folder / "compose.yml", environment or {}, KNOWN, profiles)


def prometheus(more: str = "") -> str:
    return f"services: {{p: {{image: prom/prometheus, volumes: ['./p.yml:/etc/prometheus/prometheus.yml']{more}}}}}"


def test_the_guides_file_becomes_its_components_at_their_ports(guide: Path) -> None:
    folder = guide / "monorepo"
    found = composed(folder / "docker-compose.monitoring.yml", {}, KNOWN)
    assert found.words == (
        "--listen", "prometheus=127.0.0.1:9090", "--config", str(folder / "prometheus/prometheus.yml"),
        "--web.enable-lifecycle",
        "--listen", "node=127.0.0.1:9100",
        "--listen", "grafana=127.0.0.1:3000", "--grafana-provisioning", str(folder / "grafana/provisioning"),
        "--listen", "loki=127.0.0.1:3100", "--loki-config", str(folder / "loki/local-config.yaml"),
        "--promtail-config", str(folder / "promtail/config.yml"),
        "--listen", "alertmanager=127.0.0.1:9093", "--alertmanager-config", str(folder / "alertmanager/config.yml"),
    )  # fmt: skip
    assert found.grafana["GF_SECURITY_ADMIN_PASSWORD"] == "secure_password"
    node = parse_flags(found.node)
    assert (node.procfs, node.sysfs) == (Path("/proc"), Path("/sys"))
    assert node.mount_points_exclude.endswith("($|/)")
    assert found.notes == (
        "prometheus: --storage.tsdb.path has no effect here",
        "alertmanager: nothing is mounted at /etc/alertmanager/alertmanager.yml: /etc/alertmanager/config.yml is taken for it",
    )


@pytest.mark.parametrize(
    ("ports", "address"),
    [
        (", ports: ['9090:9090']", "127.0.0.1:9090"),
        (", ports: ['19090:9090/tcp']", "127.0.0.1:19090"),
        (", ports: ['0.0.0.0:80:9090']", "0.0.0.0:80"),
        (", ports: ['[::1]:80:9090']", "[::1]:80"),
        (", ports: [{target: 9090, published: '8', host_ip: 10.0.0.1}]", "10.0.0.1:8"),
        (", ports: ['7:8', '9:9090']", "127.0.0.1:9"),
    ],
)
def test_a_published_port_is_listened_at_on_loopback_unless_an_address_is_written(
    tmp_path: Path, ports: str, address: str
) -> None:
    assert made(tmp_path, prometheus(ports)).words[:2] == ("--listen", f"prometheus={address}")


def test_a_port_that_is_not_published_is_left_where_people_look_for_it(tmp_path: Path) -> None:
    assert "--listen" not in made(tmp_path, prometheus()).words


def test_variables_come_from_the_environment_and_from_the_file_beside(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("PORT=1\nTIME=3d\n")
    text = prometheus(", ports: ['${PORT}:9090'], command: '--storage.tsdb.retention.time=${TIME}'")
    found = made(tmp_path, text, {"PORT": "2"})
    assert found.words[1] == "prometheus=127.0.0.1:2"
    assert found.words[-1] == "--storage.tsdb.retention.time=3d"


def test_what_is_not_ours_is_left_out_by_name(tmp_path: Path) -> None:
    text = prometheus().replace("services: {", "services: {db: {image: 'postgres:15'}, ")
    assert made(tmp_path, text).notes == ("db (postgres:15) is not started: it is none of ours",)


def test_a_service_of_a_profile_waits_until_it_is_asked_for(tmp_path: Path) -> None:
    text = prometheus().replace(
        "services: {", "services: {n: {image: prom/node-exporter, command: --collector.wifi, profiles: [more]}, "
    )
    assert made(tmp_path, text).node == ()
    assert made(tmp_path, text, profiles=("more",)).node == ("--collector.wifi",)
    assert made(tmp_path, text, {"COMPOSE_PROFILES": "x,more"}).node == ("--collector.wifi",)


def test_flags_of_the_alertmanager_that_have_another_name_here_are_taken_over(tmp_path: Path) -> None:
    (tmp_path / "a.yml").touch()
    command = "[--web.external-url=http://am/x, --data.retention, 24h, --cluster.listen-address=]"
    found = made(
        tmp_path,
        "services: {a: {image: prom/alertmanager, volumes: ['./a.yml:/etc/alertmanager/alertmanager.yml'], "
        f"command: {command}}}}}",
    )
    assert found.words[2:] == ("--alertmanager-external-url=http://am/x", "--alertmanager-retention=24h")
    assert found.notes == ("a: --cluster.listen-address has no effect here",)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (prometheus(", command: [--nonsense=1]"), "--nonsense is not supported yet"),
        ("services: {p: {image: prom/prometheus}}", "/etc/prometheus/prometheus.yml is not mounted"),
        ("services: {p: {image: prom/prometheus, volumes: ['./gone:/etc/prometheus']}}", "gone/prometheus.yml"),
        ("services: {a: {image: prom/node-exporter}, b: {image: prom/node-exporter}}", "a and b are both node"),
        ("services: {a: {image: redis}}", "none of its services"),
        ("services: {}", "it has no services"),
        ("services: [", "compose.yml"),
    ],
)
def test_what_cannot_be_taken_over_is_said(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        made(tmp_path, text)
