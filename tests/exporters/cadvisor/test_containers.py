"""Names of containers: from the paths of their groups, and the state of Docker and containerd."""

from __future__ import annotations

import socketserver
import threading
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import msgspec
import pytest

from exporters.cadvisor.containers import Containers, docker_version, identity, labels
from exporters.cadvisor.options import CadvisorOptions
from tests.exporters.cadvisor import trees

ID = trees.ID


@pytest.mark.parametrize(
    "path",
    [
        f"/docker/{ID}",
        f"/system.slice/docker-{ID}.scope",
        f"/kubepods/burstable/podUID/{ID}",
        f"/kubepods.slice/kubepods-pod1.slice/cri-containerd-{ID}.scope",
        f"/system.slice/containerd.service/kubepods-pod1.slice:cri-containerd:{ID}",
    ],
)
def test_a_container_is_known_in_every_dress(path: str) -> None:
    assert identity(path) == ID


@pytest.mark.parametrize("path", ["/", "/system.slice/ssh.service", "/process_api/167b3f0417af14badfe7866baa78019d"])
def test_other_groups_are_no_containers(path: str) -> None:
    assert identity(path) == ""


def options(root: Path) -> CadvisorOptions:
    return CadvisorOptions(docker_root=root, docker_socket=root / "docker.sock", containerd_tasks=root / "tasks")


def test_containerd_tells_of_pods_in_the_words_of_docker(tmp_path: Path) -> None:
    bundle = {
        "annotations": {"io.kubernetes.cri.container-name": "app", "io.kubernetes.cri.sandbox-name": "app-0",
                        "io.kubernetes.cri.sandbox-namespace": "shop", "io.kubernetes.cri.image-name": "shop/app:1"},
        "process": {"env": ["A=1"]},
        "linux": {"namespaces": [{"type": "network", "path": "/proc/1/ns/net"}]},
    }  # fmt: skip
    trees.write(tmp_path, f"tasks/k8s.io/{ID}/config.json", msgspec.json.encode(bundle).decode())
    found = Containers(options(tmp_path)).find(ID)
    assert not found.host_network
    assert labels(found, None, ()) == {
        "name": ID,
        "image": "shop/app:1",
        "container_label_io_kubernetes_container_name": "app",
        "container_label_io_kubernetes_pod_name": "app-0",
        "container_label_io_kubernetes_pod_namespace": "shop",
    }


class Docker(BaseHTTPRequestHandler):
    """Answers as Docker does at its socket."""

    def do_GET(self) -> None:
        answers = {
            f"/containers/{ID}/json": {**trees.STATE, "RestartCount": 2, "HostConfig": {"NetworkMode": "host"}},
            "/version": {"Version": "24.0"},
        }
        body = msgspec.json.encode(answers[self.path])
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def address_string(self) -> str:
        return "local"

    def log_message(self, format: str, *args: object) -> None:
        pass


def test_docker_is_asked_where_its_files_are_hidden(tmp_path: Path) -> None:
    with socketserver.UnixStreamServer(str(tmp_path / "docker.sock"), Docker) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            found = Containers(options(tmp_path)).find(ID)
            assert (found.name, found.host_network, found.labels["restartcount"]) == ("web", True, "2")
            assert docker_version(options(tmp_path)) == "24.0"
        finally:
            server.shutdown()
            thread.join()


def test_docker_that_does_not_answer_is_asked_once_a_page(tmp_path: Path) -> None:
    asked: list[bytes] = []

    class Silent(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            asked.append(self.request.recv(4096))  # and no word back

    with socketserver.UnixStreamServer(str(tmp_path / "docker.sock"), Silent) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            known = Containers(options(tmp_path))
            for _ in range(2):
                known.keep(set())
                assert [known.find(digit * 64).name for digit in "abc"] == [digit * 64 for digit in "abc"]
        finally:
            server.shutdown()
            thread.join()
    assert len(asked) == 2


def test_a_socket_that_can_not_be_reached_tells_nothing(tmp_path: Path) -> None:
    nowhere = CadvisorOptions(docker_socket=tmp_path / ("x" * 300))
    assert docker_version(nowhere) == ""


def test_what_is_known_is_kept_until_its_group_has_gone(tmp_path: Path) -> None:
    state = f"containers/{ID}/config.v2.json"
    trees.write(tmp_path, state, msgspec.json.encode(trees.STATE).decode())
    known = Containers(options(tmp_path))
    assert known.find(ID).name == "web"
    (tmp_path / state).unlink()
    assert known.find(ID).name == "web"
    known.keep(set())
    assert known.find(ID).name == ID


def test_state_that_is_no_json_is_passed_over(tmp_path: Path) -> None:
    trees.write(tmp_path, f"containers/{ID}/config.v2.json", "{")
    assert Containers(options(tmp_path)).find(ID).name == ID
