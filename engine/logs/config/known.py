"""Every key of Loki's file, by block: those of 2.7 and those that later releases added.

`keys.txt` is the table: a block in brackets, then its keys, each two spaces deeper than the key that holds it;
`=block` where a key holds a block, `*` where what it holds is not looked into, `3` where only Loki 3 knows it. It is
read when a file has a key that has no effect here, and not before.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Final

from engine.foundation.decode import Idle, OnlyHere

_LATER: Final = OnlyHere("Loki before 3.0 refuses it")
_REASONS: Final = (
    ("path_prefix", "lines are kept under the data folder"),
    ("_directory", "lines are kept in the engine's own format, under the data folder"),
    ("wal_cleaner", "what waits for other servers is kept for four hours"),
    ("rule_path", "rules are read where they lie"),
    ("ruler_storage", "ruler.storage says where rules lie"),
    ("ruler_remote_write", "ruler.remote_write says where samples go, for all tenants"),
    ("ruler_alertmanager_config", "ruler.alertmanager_url is that of all tenants"),
    ("ruler_remote_evaluation", "rules are evaluated in this process"),
    ("enable_alertmanager_v2", "alerts go to version 2 of the API, which Alertmanager has since 0.16"),
    ("for_outage_tolerance", "lines remember since when an alert is active, however long nobody looked"),
    ("config_refresh_period", "the file is read again when the configuration is"),
    ("datasource_uid", "links in alerts are those of 2.7, to /graph"),
    ("enable_sharding", "there is one process, which evaluates all rules"),
    ("sharding_", "there is one process, which evaluates all rules"),
    ("tenant_shard_size", "there is one process, which evaluates all rules"),
    ("search_pending_for", "there is one process, which evaluates all rules"),
    ("flush_period", "rules are read where they lie"),
    ("disable_rule_group_label", "metrics tell each group apart"),
    ("query_stats_enabled", "/metrics tells the time of all queries"),
    ("structured_metadata", "all of it is taken"),
    ("discover_", "nothing is added to what is pushed"),
    ("http_listen_address", "--listen loki=HOST:PORT says where it listens"),
    ("http_path_prefix", "its paths have no prefix"),
    ("allow_deletes", "deletion_mode says whether lines may be deleted"),
    ("cardinality_limit", "queries are bounded by what they read, and by their time"),
    ("max_concurrent", "16 queries are answered at once"),
    ("retention_delete_delay", "files are replaced at once, and who reads the old ones goes on"),
    ("per_tenant_override_period", "the file is read again when the configuration is"),
    ("grpc_server_max_recv", "a push may have 64 MB"),
    ("ring", "there is one process, and no ring of instances"),
    ("lifecycler", "there is one process, and no ring of instances"),
    ("memberlist", "there is one process, and no ring of instances"),
    ("kvstore", "there is one process, and no ring of instances"),
    ("replication", "there is one process, and no ring of instances"),
    ("grpc", "nothing is asked over gRPC"),
    ("_client", "there is one process, and nothing is asked over gRPC"),
    ("cache", "results and chunks are not cached"),
    ("bloom", "there are no blooms"),
    ("schema_config", "lines are kept in the engine's own format"),
    ("index", "lines are kept in the engine's own format"),
    ("storage", "lines are kept in the engine's own format, under the data folder"),
    ("shared_store", "lines are kept in the engine's own format, under the data folder"),
    ("filesystem", "lines are kept in the engine's own format, under the data folder"),
    ("boltdb", "lines are kept in the engine's own format, under the data folder"),
    ("tsdb", "lines are kept in the engine's own format, under the data folder"),
    ("chunk", "lines are sealed by their size, those of all streams together"),
    ("wal", "the log is always on, and short"),
    ("split", "queries are not split"),
    ("shard", "queries are not split"),
    ("parallel", "a query is one task"),
    ("querier", "there is one process, which asks itself"),
    ("log_", "--log.level and --log.format say what is logged"),
    ("report", "nothing is reported to anybody"),
    ("tracing", "there are no traces"),
)
_ALONE: Final = MappingProxyType({
    "engine": "limits_config.query_timeout bounds what a query takes",
    "period": "the file is read again when the configuration is",
    "evaluation": "rules are evaluated in this process",
})  # fmt: skip
_OTHERWISE: Final = "there is no such part in this engine"


class Known(Mapping[str, Idle]):
    """The keys of a block, or of one of its parts (`ingester.wal`); those that a Struct declares count there alone."""

    def __init__(self, place: str) -> None:
        self._place = place

    def __getitem__(self, key: str) -> Idle:
        return self._keys()[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._keys())

    def __len__(self) -> int:
        return len(self._keys())

    def _keys(self) -> Mapping[str, Idle]:
        block, *steps = self._place.split(".")
        found: Mapping[str, Idle] = _blocks()[block]
        for step in steps:
            keys = found[step].keys
            assert keys is not None, f"{self._place} is in the table"
            found = keys
        return found


@cache
def _blocks() -> Mapping[str, dict[str, Idle]]:
    blocks: dict[str, dict[str, Idle]] = {}
    path: list[dict[str, Idle]] = []
    text = files("engine.logs.config").joinpath("keys.txt").read_text()
    for line in text.splitlines():
        if line.startswith("["):
            path = [blocks.setdefault(line[1:-1], {})]
            continue
        key, *marks = line.split()
        depth = (len(line) - len(line.lstrip())) // 2
        keys: dict[str, Idle] = {}
        del path[depth + 1 :]
        path[depth][key] = Idle(_reason(key), _LATER if "3" in marks else None, _content(marks, blocks, keys))
        path.append(keys)
    return blocks


def _content(marks: list[str], blocks: dict[str, dict[str, Idle]], keys: dict[str, Idle]) -> Mapping[str, Idle] | None:
    """What a key holds; None for anything."""
    if "*" in marks:
        return None
    block = next((mark[1:] for mark in marks if mark.startswith("=")), None)
    return keys if block is None else blocks.setdefault(block, {})


def _reason(key: str) -> str:
    return next((reason for part, reason in _REASONS if part in key), _ALONE.get(key, _OTHERWISE))
