"""Files of discovery that a config names, of targets and kubeconfigs: those that are there must be right.

More may come while the engine runs.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from engine.config.prometheus import PrometheusConfig
from engine.config.translate import Translator
from engine.discovery.config import TargetSources
from engine.discovery.file import read_groups
from engine.discovery.kubernetes.kubeconfig import KubeconfigError, PluginError, read_kubeconfig
from engine.discovery.ports import DiscoveryError
from engine.foundation.decode import Report
from engine.foundation.files import matching


def check_sd_files(config: PrometheusConfig, report: Report, translator: Translator, folder: Path) -> None:
    """Report every such file that is wrong, and patterns that match none yet."""
    for at, section in _sections(config):
        for place, cluster in enumerate(section.kubernetes_sd_configs):
            if cluster.kubeconfig_file:
                file = Path(translator.path(cluster.kubeconfig_file, folder))
                _check_kubeconfig(file, report.within(*at, "kubernetes_sd_configs", place))
        for place, entry in enumerate(section.file_sd_configs):
            for number, pattern in enumerate(entry.files):
                where = (*at, "file_sd_configs", place, "files", number)
                found = matching(translator.path(pattern, folder))
                if not found:
                    report.warning(f'file "{pattern}" does not exist (yet): it has no targets', *where)
                for path in found:
                    try:
                        read_groups(path)
                    except DiscoveryError as error:
                        report.error(str(error), *where)


def _check_kubeconfig(file: Path, report: Report) -> None:
    if not file.exists():
        return  # told as every file that a key names and that is missing
    try:
        read_kubeconfig(file)
    except PluginError as error:
        report.unsupported(str(error), "kubeconfig_file")
    except KubeconfigError as error:
        report.error(str(error), "kubeconfig_file")


def _sections(config: PrometheusConfig) -> Iterator[tuple[Sequence[str | int], TargetSources]]:
    for place, job in enumerate(config.scrape_configs):
        yield ("scrape_configs", place), job
    for place, section in enumerate(config.alerting.alertmanagers):
        yield ("alerting", "alertmanagers", place), section
