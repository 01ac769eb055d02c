"""Ways to a cluster: a kubeconfig in all its forms, and the service account of a pod."""

from __future__ import annotations

from base64 import b64encode
from pathlib import Path

import pytest
import yaml

from engine.discovery.config_kubernetes import KubernetesRole, KubernetesSDConfig, Namespaces
from engine.discovery.kubernetes.access import Access, Pod, access
from engine.discovery.kubernetes.kubeconfig import KubeconfigError, PluginError, read_kubeconfig
from engine.discovery.ports import DiscoveryError
from engine.foundation.values import FilePath


def written(folder: Path, user: object, cluster: object | None = None, **more: object) -> Path:
    path = folder / "kubeconfig"
    content = {
        "apiVersion": "v1", "kind": "Config", "preferences": {}, "current-context": "here",
        "contexts": [{"name": "here", "context": {"cluster": "c", "user": "u", "namespace": "n"}}],
        "clusters": [{"name": "c", "cluster": cluster or {"server": "https://k8s.example.org:6443/"}}],
        "users": [{"name": "u", "user": user}], **more,
    }  # fmt: skip
    path.write_text(yaml.safe_dump(content))
    return path


def opened(path: Path) -> Access:
    config = KubernetesSDConfig(role=KubernetesRole("pod"), kubeconfig_file=FilePath(path))
    return access(config, Path("/nowhere"))


def test_a_token_and_its_file_prove_who_calls(tmp_path: Path) -> None:
    plain = opened(written(tmp_path, {"token": "t0ken"}))
    assert plain.server == "https://k8s.example.org:6443"
    assert plain.client.authorization is not None
    assert plain.client.authorization.credentials.reveal() == "t0ken"
    in_file = opened(written(tmp_path, {"token": "unused", "tokenFile": "secrets/token"}))
    assert in_file.client.authorization is not None
    assert in_file.client.authorization.credentials_file == str(tmp_path / "secrets" / "token")


def test_a_name_and_a_password_do(tmp_path: Path) -> None:
    basic = opened(written(tmp_path, {"username": "u", "password": "p"})).client.basic_auth
    assert basic is not None
    assert (basic.username, basic.password.reveal()) == ("u", "p")


def test_certificates_are_files_beside_the_kubeconfig_or_stand_in_it(tmp_path: Path) -> None:
    by_file = {"client-certificate": "c.pem", "client-key": "/abs/k.pem"}
    tls = opened(
        written(tmp_path, by_file, {"server": "https://x", "certificate-authority": "ca.pem"})
    ).client.tls_config
    assert (tls.ca_file, tls.cert_file, tls.key_file) == (
        str(tmp_path / "ca.pem"),
        str(tmp_path / "c.pem"),
        "/abs/k.pem",
    )

    inline = {"client-certificate-data": b64encode(b"cert").decode(), "client-key-data": b64encode(b"key").decode()}
    cluster = {
        "server": "https://x", "certificate-authority-data": b64encode(b"ca").decode(), "tls-server-name": "k8s",
        "insecure-skip-tls-verify": True, "proxy-url": "http://proxy:3128",
    }  # fmt: skip
    client = opened(written(tmp_path, inline, cluster)).client
    tls = client.tls_config
    assert (tls.ca, tls.cert, tls.key.reveal(), tls.ca_file) == ("ca", "cert", "key", "")
    assert (tls.server_name, tls.insecure_skip_verify) == ("k8s", True)
    assert client.proxy_url.reveal() == "http://proxy:3128"


def test_certificates_that_are_no_text_are_named(tmp_path: Path) -> None:
    path = written(tmp_path, {"client-key-data": "%%%"})
    with pytest.raises(KubeconfigError, match="client-key-data is no text in base64"):
        opened(path)


@pytest.mark.parametrize(
    ("user", "plugin"),
    [({"exec": {"command": "aws"}}, "exec"), ({"auth-provider": {"name": "gcp"}}, "auth-provider")],
)
def test_programs_that_would_have_to_be_run_are_refused_by_name(user: object, plugin: str, tmp_path: Path) -> None:
    with pytest.raises(PluginError, match=f'the user "u" gets credentials by `{plugin}`, which is valid in Prometheus'):
        read_kubeconfig(written(tmp_path, user))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"current-context": ""}, "names no current-context"),
        ({"current-context": "there"}, 'there is no context "there"'),
        ({"clusters": []}, 'there is no cluster "c"'),
        ({"users": None}, 'there is no user "u"'),
        ({"clusters": [{"name": "c", "cluster": {}}]}, 'the cluster "c" has no server'),
        ({"clusters": 5}, "is no kubeconfig"),
    ],
)
def test_what_is_missing_is_named(change: dict[str, object], said: str, tmp_path: Path) -> None:
    with pytest.raises(KubeconfigError, match=said):
        read_kubeconfig(written(tmp_path, {}, None, **change))


def test_inside_of_a_pod_its_account_is_used(tmp_path: Path) -> None:
    (tmp_path / "namespace").write_text("own\n")
    pod = Pod({"KUBERNETES_SERVICE_HOST": "fd00::1", "KUBERNETES_SERVICE_PORT": "443"}, tmp_path)
    config = KubernetesSDConfig(role=KubernetesRole("pod"), namespaces=Namespaces(own_namespace=True))
    found = access(config, Path(), pod)
    assert (found.server, found.namespace) == ("https://[fd00::1]:443", "own")
    assert found.client.bearer_token_file == str(tmp_path / "token")
    assert found.client.tls_config.ca_file == str(tmp_path / "ca.crt")


def test_outside_of_a_cluster_it_says_what_is_missing() -> None:
    config = KubernetesSDConfig(role=KubernetesRole("pod"))
    with pytest.raises(DiscoveryError, match="KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT must be defined"):
        access(config, Path(), Pod({}))
    odd = Pod({"KUBERNETES_SERVICE_HOST": "10.0.0.1", "KUBERNETES_SERVICE_PORT": "tcp://10.0.0.1:443"})
    with pytest.raises(DiscoveryError, match="is not the number of a port"):
        access(config, Path(), odd)
