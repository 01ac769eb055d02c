"""From the path of a prometheus.yml to everything that it and the files around it say.

Beside the config and one folder up, no further, lie the files of the other programs. All findings of all files come
back at once; nothing raises for what stands in a file.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from engine.alerting.matching.grammar import Grammar
from engine.config import alone
from engine.config.lint import DUPLICATES
from engine.config.prometheus import PrometheusConfig, ScrapeConfigs, check_jobs, parse_prometheus, resolve
from engine.config.reading import Reading
from engine.config.translate import ROOTED, Translation, Translator
from engine.foundation.decode import Decoded, Report, decode
from engine.foundation.errors import ConfigError
from engine.foundation.files import is_pattern, matching
from engine.foundation.source import Finding, Severity, settled
from engine.rules.config import RuleFile
from exporters.blackbox.config.document import BlackboxConfig, parse_blackbox

if TYPE_CHECKING:  # not everybody has these files, and what reads them would be loaded at every start
    from engine.alerting.config.document import AlertmanagerConfig
    from engine.config.grafana import Grafana
    from engine.logs.config.settings import LogSettings
    from engine.promtail.config import PromtailConfig
    from engine.ruler.rules import LogRules

_ALERTMANAGER_FILES: Final = (
    "alertmanager/config.yml", "alertmanager/config.yaml", "alertmanager/alertmanager.yml",
    "alertmanager/alertmanager.yaml", "alertmanager.yml", "alertmanager.yaml",
)  # fmt: skip
_BLACKBOX_FILES: Final = (
    "blackbox.yml", "blackbox.yaml", "blackbox/blackbox.yml", "blackbox/blackbox.yaml", "blackbox/config.yml",
    "blackbox/config.yaml", "blackbox-exporter/config.yml", "blackbox_exporter/config.yml",
)  # fmt: skip
_PROMTAIL_FILES: Final = (
    "promtail/config.yml", "promtail/config.yaml", "promtail/promtail.yml", "promtail/promtail.yaml",
    "promtail/promtail-config.yml", "promtail/promtail-config.yaml", "promtail.yml", "promtail.yaml",
    "promtail-config.yml", "promtail-config.yaml",
)  # fmt: skip
_LOKI_FILES: Final = tuple(
    f"loki/{name}.{kind}" for name in ("local-config", "loki", "loki-config", "config") for kind in ("yaml", "yml")
)


class ScrapeConfigFile(msgspec.Struct, frozen=True, kw_only=True):
    """What `scrape_config_files` lead to."""

    EXTENSIONS: ClassVar[str] = "Prometheus"

    scrape_configs: ScrapeConfigs = ()


class Loaded(Struct, frozen=True):
    """All that was read. Use `config` and the others only if nothing is `fatal`.

    Paths in the configs lead to files of this machine. `rules` are by path, in the order in which they are run.
    `alertmanager_file`, `blackbox_file` and `promtail_file` are None where there are none. `sources` holds the texts of
    all files.
    """

    file: Path
    config: PrometheusConfig
    rules: Mapping[str, RuleFile]
    alertmanager_file: Path | None
    alertmanager: AlertmanagerConfig | None
    findings: tuple[Finding, ...]
    translations: tuple[Translation, ...]
    sources: Mapping[str, bytes]
    blackbox_file: Path | None = None
    blackbox: BlackboxConfig | None = None
    promtail_file: Path | None = None
    promtail: PromtailConfig | None = None
    loki_file: Path | None = None
    loki: LogSettings | None = None
    log_rules: LogRules | None = None
    grafana: Grafana | None = None

    @property
    def fatal(self) -> bool:
        return any(finding.fatal for finding in self.findings)

    @property
    def files(self) -> tuple[Path, ...]:
        """Every file that was read."""
        return tuple(map(Path, self.sources))


def load(
    path: Path | None,
    *,
    alertmanager: Path | None = None,
    blackbox: Path | None = None,
    promtail: Path | None = None,
    loki: Path | None = None,
    data_dir: Path = Path("engine-data"),
    translate: bool = True,
    must_exist: bool = False,
    environment: Mapping[str, str] | None = None,
    mounts: Sequence[tuple[str, Path]] = (),
    grammar: Grammar = Grammar.BOTH,
) -> Loaded:
    """Everything from this prometheus.yml on; the others say where those configs are, if elsewhere.

    Without a `path`, `loki` or `promtail` stand alone; without those too, this engine and this machine are watched.
    `mounts` are those of a compose file.
    `must_exist` makes a mistake of a rule file that is named and missing, as a check of files wants it; a running
    Prometheus takes it for a pattern that matches nothing. `environment` is what `${NAME}` stands for, if for anything.
    """
    first = path or loki or promtail or alone.FILE
    reading, home, whole = Reading(environment), first.parent, path is not None
    beside = alertmanager or (find_alertmanager(home) if whole else None)
    modules = blackbox or (find_blackbox(home) if whole else None)
    tails = promtail or (find_promtail(home) if whole else None)
    logs = loki or (find_loki(home) if whole else None)
    translator = Translator(_homes(home, beside, modules, logs, tails), data_dir, enabled=translate, mounts=mounts)
    config, rules = _scraping(path, translator, reading, must_exist) if path else (_alone(loki or promtail), {})
    managing = None if beside is None else load_alertmanager(beside, translator, reading, grammar)
    probing = None if modules is None else load_blackbox(modules, translator, reading)
    tailing = None if tails is None else load_promtail(tails, translator, reading)
    lines, log_rules = (None, None) if logs is None else _load_loki(logs, translator, reading)
    _tell_unmounted(first, translator, reading)
    return Loaded(
        file=first,
        config=config,
        rules=rules,
        findings=settled(reading.findings),
        translations=tuple(translator.done.values()),
        sources=reading.sources,
        alertmanager_file=beside, alertmanager=managing, blackbox_file=modules, blackbox=probing,
        promtail_file=tails, promtail=tailing, loki_file=logs, loki=lines, log_rules=log_rules,
    )  # fmt: skip


def _tell_unmounted(path: Path, translator: Translator, reading: Reading) -> None:
    for written in translator.unmounted:
        reading.tell(Severity.WARNING, path, f"no volume holds {written}: what lies beside the configuration is taken")


def _homes(
    home: Path, alertmanager: Path | None, blackbox: Path | None, loki: Path | None, promtail: Path | None
) -> dict[str, Path]:
    """Where the files of each program lie, by the name of its folder in containers."""
    files = {"alertmanager": alertmanager, "blackbox": blackbox, "loki": loki, "promtail": promtail}
    homes = {name: home / name if file is None else file.parent for name, file in files.items()}
    return {**homes, "prometheus": home, "blackbox_exporter": homes["blackbox"]}


def _scraping(
    path: Path, translator: Translator, reading: Reading, must_exist: bool
) -> tuple[PrometheusConfig, dict[str, RuleFile]]:
    """The prometheus.yml, and the rule files that it names."""
    written = translator.rooted(reading.parse(path, parse_prometheus), path.parent)
    config = with_scrape_config_files(path, written, reading, translator)
    files = rule_files(path, config, reading, must_exist)
    if not files:
        return config, {}
    from engine.config.rules import parse_rules  # noqa: PLC0415 - of what is of use where there are rules

    rules = {str(file): reading.parse(file, parse_rules) for file in files}
    reading.lint(rules, {DUPLICATES})
    return config, rules


def _alone(other: Path | None) -> PrometheusConfig:
    """Where there is no prometheus.yml: nothing is scraped beside another program's file."""
    return alone.machine() if other is None else resolve(PrometheusConfig())


def _load_loki(path: Path, translator: Translator, reading: Reading) -> tuple[LogSettings, LogRules | None]:
    from engine.config.loki import load_loki  # noqa: PLC0415 - only where there is such a file

    return load_loki(path, translator, reading)


def find_alertmanager(folder: Path) -> Path | None:
    """Alertmanager's config in this folder or its parent."""
    return _beside(folder, _ALERTMANAGER_FILES)


def find_blackbox(folder: Path) -> Path | None:
    """The blackbox exporter's config in this folder or its parent."""
    return _beside(folder, _BLACKBOX_FILES)


def find_loki(folder: Path) -> Path | None:
    """Loki's config in a folder of its own here, or beside this one."""
    return _beside(folder, _LOKI_FILES)


def find_promtail(folder: Path) -> Path | None:
    """Promtail's, likewise."""
    return _beside(folder, _PROMTAIL_FILES)


def find_grafana(folder: Path) -> Path | None:
    """The `grafana/` with a `provisioning/` in this folder or its parent, or what holds one itself."""
    for base in (folder, Path(os.path.normpath(folder / ".."))):
        for found in (base / "grafana", base):
            if (found / "provisioning").is_dir():
                return found
    return None


def with_boards(
    loaded: Loaded,
    folder: Path | None,
    environment: Mapping[str, str],
    *,
    translate: bool = True,
    mounts: Sequence[tuple[str, Path]] = (),
) -> Loaded:
    """With what Grafana's folder says: `folder`, or the one that lies beside.

    Its files and `GF_*` are read with this environment, whatever `${NAME}` means elsewhere.
    """
    found = folder or find_grafana(loaded.file.parent)
    if found is None:
        return loaded
    from engine.config.grafana import load_grafana  # noqa: PLC0415 - few have one

    boards = load_grafana(found, environment, Translator({}, Path(), enabled=translate, mounts=mounts))
    return replace(
        loaded,
        grafana=boards,
        findings=settled([*loaded.findings, *boards.findings]),
        sources={**loaded.sources, **boards.read},
        translations=(*loaded.translations, *(Translation(*one) for one in boards.translations)),
    )


def _beside(folder: Path, names: Iterable[str]) -> Path | None:
    for base in (folder, Path(os.path.normpath(folder / ".."))):
        for name in names:
            if (base / name).is_file():
                return base / name
    return None


def rule_files(path: Path, config: PrometheusConfig, reading: Reading, must_exist: bool) -> list[Path]:
    """The files that `rule_files` names, each once."""
    return _named(path, "rule_files", config.rule_files, reading, Severity.ERROR if must_exist else Severity.WARNING)


def with_scrape_config_files(
    path: Path,
    config: PrometheusConfig,
    reading: Reading,
    translator: Translator,
    check: Callable[[PrometheusConfig, Report, Path], None] = lambda *_: None,
) -> PrometheusConfig:
    """The config with the jobs of the files that `scrape_config_files` names.

    `check` may find more in the jobs of a file, whose relative paths belong to the folder that it is given.
    """
    jobs = list(config.scrape_configs)

    def parse(source: bytes, name: str, *, environment: Mapping[str, str] | None = None) -> Decoded[ScrapeConfigFile]:
        def judged(found: ScrapeConfigFile, report: Report) -> None:
            check_jobs(found.scrape_configs, config.global_, report, [job.job_name for job in jobs])
            alone = PrometheusConfig(global_=config.global_, scrape_configs=found.scrape_configs)
            check(alone, report, Path(name).parent)

        return decode(source, ScrapeConfigFile, name, judged, environment)

    for file in _named(path, "scrape_config_files", config.scrape_config_files, reading, Severity.WARNING):
        jobs += translator.rooted(reading.parse(file, parse), file.parent).scrape_configs
    return resolve(msgspec.structs.replace(config, scrape_configs=tuple(jobs)))


def _named(path: Path, key: str, patterns: Iterable[str], reading: Reading, missing: Severity) -> list[Path]:
    """The files that these patterns match, each once. A file that is named and `missing` is told so."""
    found: dict[Path, None] = {}
    for pattern in patterns:
        files = matching(pattern)
        found |= dict.fromkeys(files)
        if files:
            continue
        if is_pattern(pattern):
            reading.tell(Severity.WARNING, path, f'{key}: "{pattern}" matches no file')
        else:
            reading.tell(missing, path, f'{key}: "{pattern}" does not point to an existing file')
    return list(found)


def load_blackbox(path: Path, translator: Translator, reading: Reading) -> BlackboxConfig:
    """The modules at `path`."""
    return translator.rooted(reading.parse(path, parse_blackbox), path.parent)


def load_alertmanager(
    path: Path, translator: Translator, reading: Reading, grammar: Grammar = Grammar.BOTH
) -> AlertmanagerConfig:
    """The config at `path`, with its templates tried."""
    from engine.alerting.notify.templating import load_templates  # noqa: PLC0415 - only where there is such a file
    from engine.config.alertmanager import parse_alertmanager  # noqa: PLC0415 - likewise

    config = translator.rooted(reading.parse(path, partial(parse_alertmanager, grammar=grammar)), path.parent)
    for file in (file for pattern in config.templates for file in matching(pattern) if file.is_file()):
        with suppress(OSError):  # of which the next lines tell
            reading.sources[str(file)] = file.read_bytes()
    try:
        load_templates(config.templates, ROOTED)
    except ConfigError as error:
        reading.tell(Severity.ERROR, path, f"templates: {error}")
    used = {file.resolve() for pattern in config.templates for file in matching(pattern)}
    for file in matching(str(path.parent / "templates" / "*.tmpl")):
        if file.resolve() not in used:
            reading.tell(Severity.WARNING, path, f"{file} is not used: name it under `templates:`")
    return config


def load_promtail(path: Path, translator: Translator, reading: Reading) -> PromtailConfig:
    """The config at `path`."""
    from engine.promtail.config import parse_promtail  # noqa: PLC0415 - of what runs only where there is one

    return translator.rooted(reading.parse(path, parse_promtail), path.parent)
