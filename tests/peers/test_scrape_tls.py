"""A real server that wants certificates and a password, asked by Prometheus and by the engine with the same options."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any, Final

import pytest

from tests.end_to_end.processes import ENGINE, fetch_json, free_port, running, wait_for
from tests.foundation.certificates import Certificates

PROMETHEUS: Final = shutil.which("prometheus")
HASHED: Final = "$2b$12$hNf2lSsxfm0.i4a.1kVpSOVyBCfIB51VRjgBUyv6kdnyTlgWj81Ay"
"""The password `test`, as bcrypt keeps it."""
pytestmark = [
    pytest.mark.peer,
    pytest.mark.skipif(PROMETHEUS is None, reason="prometheus is not installed"),
]


def jobs(made: Certificates, place: str) -> dict[str, Any]:
    shown = {"cert_file": made.cert, "key_file": made.key}
    right = {"ca_file": made.ca, **shown}
    tls = {
        "right": right,
        "careless": {**shown, "insecure_skip_verify": True},
        "untrusting": shown,
        "by_another_name": {**right, "server_name": "inner.example"},
        "by_a_wrong_name": {**right, "server_name": "outer.example"},
        "without_certificate": {"ca_file": made.ca},
        "only_new": {**right, "min_version": "TLS13"},
        "only_old": {**right, "max_version": "TLS11", "min_version": "TLS10"},
    }
    named = [
        {"job_name": name, "tls_config": options, "basic_auth": {"username": "me", "password": "test"}}
        for name, options in tls.items()
    ]
    others: list[dict[str, Any]] = [
        {"job_name": "without_password", "tls_config": right},
        {"job_name": "without_tls", "scheme": "http"},
    ]
    common = {"scheme": "https", "static_configs": [{"targets": [place]}]}
    return {"global": {"scrape_interval": "1s"}, "scrape_configs": [{**common, **job} for job in named + others]}


def serving(folder: Path, made: Certificates) -> None:
    """What the server is told: the files of its own certificate, and whom it lets in."""
    issued = made.authority.issue_cert("127.0.0.1", "inner.example")
    issued.private_key_pem.write_to_path(folder / "server.key")
    issued.cert_chain_pems[0].write_to_path(folder / "server.pem")
    web = {
        "tls_server_config": {
            "cert_file": "server.pem", "key_file": "server.key", "client_ca_file": made.ca,
            "client_auth_type": "RequireAndVerifyClientCert",
        },
        "basic_auth_users": {"me": HASHED},
    }  # fmt: skip
    (folder / "web.yml").write_text(json.dumps(web))
    (folder / "empty.yml").write_text("{}")


def seen(port: int) -> dict[str, tuple[str, str]]:
    """Health and error of each job's target, once all have been scraped."""
    targets = fetch_json(f"http://127.0.0.1:{port}/api/v1/targets")["data"]["activeTargets"]
    found = {one["scrapePool"]: (one["health"], one["lastError"]) for one in targets}
    return found if len(found) == 10 and "unknown" not in {health for health, _ in found.values()} else {}


def original(folder: Path, port: int, config: str, *more: str) -> list[str]:
    return [
        str(PROMETHEUS), f"--web.listen-address=127.0.0.1:{port}", f"--config.file={config}",
        f"--storage.tsdb.path={folder / config}.data", "--log.level=error", *more,
    ]  # fmt: skip


def test_both_are_let_in_and_refused_alike(tmp_path: Path) -> None:
    made = Certificates(tmp_path)
    serving(tmp_path, made)
    served, real, ours = free_port(), free_port(), free_port()
    (tmp_path / "prometheus.yml").write_text(json.dumps(jobs(made, f"127.0.0.1:{served}")))
    engine = [
        *ENGINE, "run", "--config", str(tmp_path / "prometheus.yml"), "--data-dir", ":memory:", "--no-translate",
        f"--listen=prometheus=127.0.0.1:{ours}", "--listen=node=off",
    ]  # fmt: skip
    with (
        running(original(tmp_path, served, "empty.yml", "--web.config.file=web.yml"), tmp_path / "s.log", tmp_path),
        running(original(tmp_path, real, "prometheus.yml"), tmp_path / "p.log", tmp_path),
        running(engine, tmp_path / "e.log"),
    ):

        def alike() -> bool:
            """A busy machine may be late with a scrape, which says nothing of how it is let in: the next one does."""
            theirs, found = seen(real), seen(ours)
            told = (
                "down",
                f'Get "https://127.0.0.1:{served}/metrics": x509: certificate is not valid for outer.example',
            )
            # what it is valid for, our library does not tell
            return theirs.get("right") == ("up", "") and found == theirs | {"by_a_wrong_name": told}

        wait_for("both to be let in and refused alike", alike)
