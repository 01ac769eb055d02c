"""Static targets tried before anything runs: what relabelling makes of them must be somewhere to go.

Prometheus finds this out while it runs; `promtool check config`, and so `engine check`, says it beforehand.
"""

from __future__ import annotations

from typing import Final

from engine.config.prometheus import AlertmanagersConfig, PrometheusConfig, resolve
from engine.discovery.static import ADDRESS
from engine.foundation.addresses import DEFAULTS
from engine.foundation.decode import Report
from engine.relabel.relabel import relabel
from engine.scrape.config import ScrapeConfig
from engine.scrape.target import TargetError, make_target, with_defaults
from promql.model.labels import Labels, quote

_LAST_PORT: Final = 65_535


def check_targets(config: PrometheusConfig, report: Report, *, expanded: bool) -> None:
    """Report every static target that could not be scraped, or told of alerts; `expanded`: variables were filled in."""
    for index, job in enumerate(resolve(config).scrape_configs):
        _check_job(job, report.within("scrape_configs", index), expanded=expanded)
    for index, section in enumerate(config.alerting.alertmanagers):
        _check_alertmanagers(section, report.within("alerting", "alertmanagers", index))


def _check_job(job: ScrapeConfig, report: Report, *, expanded: bool) -> None:
    for place, group in enumerate(job.static_configs):
        for number, target in enumerate(group.targets):
            if "/" in target and not job.relabel_configs:
                continue  # told already: no file may hold it
            labels = Labels.of(dict(group.labels), **{ADDRESS: target})
            try:
                make_target(with_defaults(labels, job), job)
            except TargetError as error:
                report.error(str(error), "static_configs", place, "targets", number)
            else:
                if not job.relabel_configs and (doubt := _doubt(target, job, expanded=expanded)):
                    report.warning(doubt, "static_configs", place, "targets", number)


def _check_alertmanagers(section: AlertmanagersConfig, report: Report) -> None:
    for place, group in enumerate(section.static_configs):
        for number, target in enumerate(group.targets):
            labels = Labels.of(dict(group.labels), **{ADDRESS: target, "__scheme__": section.scheme})
            left = relabel(labels, section.relabel_configs)
            if left is not None and "/" in left.get(ADDRESS):
                report.error(
                    f"{quote(left.get(ADDRESS))} is not a valid hostname", "static_configs", place, "targets", number
                )


def _doubt(target: str, job: ScrapeConfig, *, expanded: bool) -> str:
    """Why a target that is taken as it stands is hardly meant so; nothing where it may well be."""
    if "${" in target:
        return "" if expanded else f"{quote(target)} is taken as it is written: --expand-env fills in variables"
    if any(sign in target for sign in ", "):
        return f"{quote(target)} is one target: each has to be an item of the list by itself"
    _, colon, port = target.rpartition(":")
    if not colon and target:
        usual = next((default.port for default in DEFAULTS.values() if target in default.names), None)
        hint = "" if usual is None else f' (did you mean "{target}:{usual}"?)'
        return f"{quote(target)} names no port: port {443 if job.scheme == 'https' else 80} is asked{hint}"
    if colon and not target.endswith("]") and not _is_port(port):
        return f"{quote(target)} names no port that there is: {quote(port)}"
    return ""


def _is_port(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= len(str(_LAST_PORT)) and int(text) <= _LAST_PORT
