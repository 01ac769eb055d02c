"""All stages: the key of each, what its configuration is, and who does it. One row, one stage."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Annotated, Any, Final, TypeAlias

import msgspec

from engine.foundation.decode import NotHere, NullIsGiven, OnlyHere, Report, Shorthand
from engine.foundation.errors import ConfigError
from engine.promtail.stages.cri import Cri, CriConfig
from engine.promtail.stages.custom import MetricConfig, check_names
from engine.promtail.stages.decolorize import Decolorize, DecolorizeConfig
from engine.promtail.stages.docker import Docker, DockerConfig
from engine.promtail.stages.drop import Drop, DropConfig
from engine.promtail.stages.eventlog import EventLogConfig, EventLogMessage
from engine.promtail.stages.json import Json, JsonConfig
from engine.promtail.stages.labels import LabelAllow, LabelDrop, LabelMap, SetLabels, StaticLabels, StructuredMetadata
from engine.promtail.stages.limit import Limit, LimitConfig
from engine.promtail.stages.logfmt import Logfmt, LogfmtConfig
from engine.promtail.stages.match import DEFAULT_REASON, DROP, Match
from engine.promtail.stages.metrics import Metrics
from engine.promtail.stages.multiline import AUTO, Multiline, MultilineConfig
from engine.promtail.stages.output import Output, OutputConfig
from engine.promtail.stages.pack import Pack, PackConfig
from engine.promtail.stages.regex import RegexConfig, RegexStage
from engine.promtail.stages.replace import Replace, ReplaceConfig
from engine.promtail.stages.sampling import Sampling, SamplingConfig
from engine.promtail.stages.selector import parse_selector
from engine.promtail.stages.stage import Parts, Stage
from engine.promtail.stages.template import TemplateConfig, TemplateStage
from engine.promtail.stages.tenant import Tenant, TenantConfig
from engine.promtail.stages.timestamp import Timestamp, TimestampConfig

OF: Final = "Promtail"
_SINCE_2_8: Final = OnlyHere("Promtail before 2.8 refuses it")
_SINCE_2_9: Final = OnlyHere("Promtail before 2.9 refuses it")


class GeoIpConfig(msgspec.Struct, frozen=True, kw_only=True):
    db: str = ""
    source: str = ""
    db_type: str = ""
    custom_lookups: Mapping[str, str] = {}


class MatchConfig(msgspec.Struct, frozen=True, kw_only=True):
    """Stands here, since its stages are stages of the table again."""

    selector: str = ""
    stages: tuple[StageConfig, ...] = ()
    action: str = "keep"
    pipeline_name: str = ""
    drop_counter_reason: str = DEFAULT_REASON

    def check(self, report: Report) -> None:
        if not self.selector:
            report.error("selector statement required for match stage", "selector")
        else:
            try:
                parse_selector(self.selector)
            except ConfigError as error:
                report.error(f"invalid selector syntax for match stage: {error}", "selector")
        if self.action not in ("keep", DROP):
            report.error("match stage action should be 'keep' or 'drop'", "action")
        if self.action == "keep" and not self.stages:
            report.error("match stage requires at least one additional stage to be defined in '- stages'", "stages")
        if self.action == DROP and self.stages:
            report.error("match stage configured to drop entries cannot contains stages", "stages")


class StageConfig(msgspec.Struct, frozen=True, kw_only=True, rename={"json_": "json"}):
    """One item of a pipeline: exactly one key."""

    docker: Annotated[DockerConfig | None, NullIsGiven()] = None
    cri: Annotated[CriConfig | None, NullIsGiven()] = None
    regex: RegexConfig | None = None
    json_: JsonConfig | None = None
    logfmt: LogfmtConfig | None = None
    replace: ReplaceConfig | None = None
    multiline: Annotated[MultilineConfig | None, Shorthand("mode", (AUTO,))] = None
    template: TemplateConfig | None = None
    pack: PackConfig | None = None
    timestamp: TimestampConfig | None = None
    output: OutputConfig | None = None
    labels: LabelMap | None = None
    labelallow: tuple[str, ...] | None = None
    labeldrop: tuple[str, ...] | None = None
    static_labels: LabelMap | None = None
    metrics: Mapping[str, MetricConfig] | None = None
    tenant: TenantConfig | None = None
    match: MatchConfig | None = None
    drop: DropConfig | None = None
    limit: LimitConfig | None = None
    sampling: Annotated[SamplingConfig | None, _SINCE_2_8] = None
    decolorize: Annotated[DecolorizeConfig | None, NullIsGiven(), _SINCE_2_8] = None
    eventlogmessage: Annotated[EventLogConfig | None, NullIsGiven(), _SINCE_2_8] = None
    structured_metadata: Annotated[LabelMap | None, _SINCE_2_9] = None
    geoip: Annotated[GeoIpConfig | None, NotHere("it needs a database of MaxMind and a library to read it", OF)] = None

    def check(self, report: Report) -> None:
        given = [key for key in STAGES if report.given(key)] + ["geoip"] * report.given("geoip")
        if not given:
            report.error(f"a stage needs one key, its kind: {', '.join(STAGES)}")
        elif len(given) > 1:
            report.error(f"a stage has one key only: write {given[1]} as a stage of its own", given[1])
        elif not _is_said(self, given[0]) and given[0] != "geoip":
            report.error(f"{given[0]} stage config cannot be empty", given[0])
        if self.multiline is not None and self.multiline.mode:
            report.ours(f"{AUTO} works here, but every release of Promtail refuses it", "multiline")
        if self.metrics:
            check_names(self.metrics, report)


Stages: TypeAlias = tuple[StageConfig, ...]
_Make: TypeAlias = Callable[[Any, Parts], Stage]
STAGES: Final[Mapping[str, _Make]] = MappingProxyType({
    "docker": Docker,
    "cri": Cri,
    "regex": RegexStage,
    "json": Json,
    "logfmt": Logfmt,
    "replace": Replace,
    "multiline": Multiline,
    "template": TemplateStage,
    "pack": Pack,
    "timestamp": Timestamp,
    "output": Output,
    "labels": SetLabels,
    "labelallow": LabelAllow,
    "labeldrop": LabelDrop,
    "static_labels": StaticLabels,
    "metrics": Metrics,
    "tenant": Tenant,
    "match": Match,
    "drop": Drop,
    "limit": Limit,
    "sampling": Sampling,
    "decolorize": Decolorize,
    "eventlogmessage": EventLogMessage,
    "structured_metadata": StructuredMetadata,
})  # fmt: skip


def kind_of(config: StageConfig) -> str:
    """The key of an item. It must have been found right."""
    return next(key for key in STAGES if _is_said(config, key))


def make(config: StageConfig, parts: Parts) -> Stage:
    """The stage of an item that was found right."""
    kind = kind_of(config)
    return STAGES[kind](_value(config, kind), parts)


def _value(config: StageConfig, key: str) -> Any:
    return getattr(config, "json_" if key == "json" else key)


def _is_said(config: StageConfig, key: str) -> bool:
    return _value(config, key) is not None
