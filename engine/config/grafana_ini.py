"""grafana.ini and `GF_SECTION_KEY` variables: what has effect here, and names for what has none.

The file lies beside `provisioning/`; variables win over it. A key with a meaning is read by its row in `KEYS`; other
keys of Grafana are told to have no effect, and what is probably misspelled is told with the nearest.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import urlsplit

from msgspec import Struct
from msgspec.structs import replace

from engine.foundation.source import Finding, Severity
from engine.foundation.values import Secret
from promql.model.durations import Duration

_SECTION: Final = re.compile(r"\s*\[([^\]]+)\]\s*")  # noqa: TID251 - ours, linear
_ROLES: Final = ("Viewer", "Editor", "Admin")
_TRUE: Final = ("true", "1", "yes", "on")
_VARIABLE: Final = re.compile(r"\$\{(\w+)\}|\$__env\{(\w+)\}")  # noqa: TID251 - ours, linear


class Settings(Struct, frozen=True):
    """What holds; times in seconds. `password` None where none was set."""

    user: str = "admin"
    password: Secret | None = None
    anonymous: bool = False
    anonymous_role: str = "Viewer"
    session_lifetime: float = 30 * 86_400.0
    session_patience: float = 7 * 86_400.0
    slows_guessing: bool = True
    secure_cookie: bool = False
    org_name: str = "Main Org."
    root_url: str = ""
    sub_path: bool = False
    sign_up: bool = False
    versions: int = 20
    max_connections: int | None = None
    http_address: str = ""
    http_port: int | None = None
    home: str = ""
    theme: str = ""
    timezone: str = ""
    provisioning: str = ""

    @property
    def prefix(self) -> str:
        """Below which everything is served."""
        path = urlsplit(self.root_url).path.strip("/") if self.sub_path and "%(" not in self.root_url else ""
        return f"/{path}" if path else ""


class Key(Struct, frozen=True):
    """Where a value goes, and how it is read; `read` raises ValueError."""

    field: str
    read: Callable[[str], Any]


def _whole(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise ValueError(f'want a whole number, got "{text}"') from None


def _flag(text: str) -> bool:
    return text.strip().lower() in _TRUE


def _password(text: str) -> Secret | None:
    """An empty one, which a variable without a value leaves, is none."""
    return Secret(text) if text else None


def _role(text: str) -> str:
    if text.capitalize() not in _ROLES:
        raise ValueError(f'want one of {", ".join(_ROLES)}, got "{text}"')
    return text.capitalize()


def _seconds(text: str) -> float:
    """`7d`, `12h`; `1M` is a month, as Grafana has it."""
    months = text.removesuffix("M")
    if months != text and months.isascii() and months.isdigit():
        found = int(months[:9]) * 30 * 86_400.0
    else:
        found = int(Duration.from_text(text)) / 1000
    if not found:
        raise ValueError("want more than 0")
    return found


KEYS: Final[Mapping[tuple[str, str], Key]] = MappingProxyType({
    ("security", "admin_user"): Key("user", str), ("security", "admin_password"): Key("password", _password),
    ("security", "disable_brute_force_login_protection"): Key("slows_guessing", lambda text: not _flag(text)),
    ("security", "cookie_secure"): Key("secure_cookie", _flag),
    ("auth", "login_maximum_inactive_lifetime_duration"): Key("session_patience", _seconds),
    ("auth", "login_maximum_lifetime_duration"): Key("session_lifetime", _seconds),
    ("auth.anonymous", "enabled"): Key("anonymous", _flag), ("auth.anonymous", "org_name"): Key("org_name", str),
    ("auth.anonymous", "org_role"): Key("anonymous_role", _role), ("server", "root_url"): Key("root_url", str),
    ("server", "serve_from_sub_path"): Key("sub_path", _flag), ("users", "allow_sign_up"): Key("sign_up", _flag),
    ("dashboards", "versions_to_keep"): Key("versions", _whole), ("users", "default_theme"): Key("theme", str),
    ("server", "max_connections"): Key("max_connections", _whole), ("server", "http_addr"): Key("http_address", str),
    ("server", "http_port"): Key("http_port", _whole), ("paths", "provisioning"): Key("provisioning", str),
    ("dashboards", "default_home_dashboard_path"): Key("home", str),
    ("date_formats", "default_timezone"): Key("timezone", str),
})  # fmt: skip

SECTIONS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType({
    "": ("app_mode", "instance_name", "force_migration"),
    "paths": ("data", "temp_data_lifetime", "logs", "plugins", "provisioning"),
    "server": ("protocol", "http_addr", "http_port", "domain", "enforce_domain", "root_url", "serve_from_sub_path",
               "router_logging", "static_root_path", "enable_gzip", "cert_file", "cert_key", "socket", "cdn_url",
               "read_timeout", "max_connections"),
    "database": ("type", "host", "name", "user", "password", "url", "ssl_mode", "path", "max_idle_conn",
                 "max_open_conn", "conn_max_lifetime", "log_queries", "cache_mode", "wal"),
    "remote_cache": ("type", "connstr", "prefix"), "dataproxy": ("logging", "timeout", "keep_alive_seconds",
                 "max_idle_connections", "send_user_header", "response_limit", "row_limit"),
    "analytics": ("enabled", "reporting_enabled", "reporting_distributor", "check_for_updates",
                  "check_for_plugin_updates", "google_analytics_ua_id", "feedback_links_enabled"),
    "security": ("disable_initial_admin_creation", "admin_user", "admin_password", "admin_email", "secret_key",
                 "disable_gravatar", "data_source_proxy_whitelist", "disable_brute_force_login_protection",
                 "cookie_secure", "cookie_samesite", "allow_embedding", "strict_transport_security",
                 "x_content_type_options", "x_xss_protection", "content_security_policy"),
    "snapshots": ("external_enabled", "external_snapshot_url", "enabled"),
    "dashboards": ("versions_to_keep", "min_refresh_interval", "default_home_dashboard_path"),
    "users": ("allow_sign_up", "allow_org_create", "auto_assign_org", "auto_assign_org_id", "auto_assign_org_role",
              "verify_email_enabled", "login_hint", "password_hint", "default_theme", "default_language", "home_page",
              "viewers_can_edit", "editors_can_admin", "hidden_users"),
    "auth": ("login_cookie_name", "disable_login_form", "disable_login", "disable_signout_menu", "signout_redirect_url",
             "oauth_auto_login", "login_maximum_inactive_lifetime_duration", "login_maximum_lifetime_duration",
             "token_rotation_interval_minutes", "api_key_max_seconds_to_live"),
    "auth.anonymous": ("enabled", "org_name", "org_role", "hide_version"), "auth.basic": ("enabled",),
    "auth.proxy": ("enabled", "header_name", "header_property", "auto_sign_up"),
    "auth.ldap": ("enabled", "config_file"),
    "smtp": ("enabled", "host", "user", "password", "from_address", "from_name", "ehlo_identity", "skip_verify"),
    "log": ("mode", "level", "filters"), "quota": ("enabled",), "metrics": ("enabled", "interval_seconds"),
    "alerting": ("enabled", "execute_alerts", "error_or_timeout", "nodata_or_nullvalues", "concurrent_render_limit",
                 "evaluation_timeout_seconds", "notification_timeout_seconds", "max_attempts", "min_interval_seconds"),
    "unified_alerting": ("enabled", "evaluation_timeout", "max_attempts", "min_interval"), "explore": ("enabled",),
    "rendering": ("server_url", "callback_url", "concurrent_render_request_limit", "concurrent_render_limit"),
    "panels": ("enable_alpha", "disable_sanitize_html"), "feature_toggles": ("enable",), "live": ("max_connections",),
    "plugins": ("enable_alpha", "allow_loading_unsigned_plugins", "plugin_admin_enabled"),
    "news": ("news_feed_enabled",),
    "date_formats": ("full_date", "default_timezone", "default_week_start", "use_browser_locale"),
})  # fmt: skip
"""Keys of Grafana 9.4 by section, and those that the guide has."""
_OPEN: Final = (
    "auth.",
    "plugin.",
    "feature_toggles",
    "tracing.",
    "log.",
    "external_image_storage",
    "azure",
    "enterprise",
)
"""Sections with keys that are not listed."""


class Line(Struct, frozen=True):
    """One setting and where it stands; line 0 for a variable of the environment."""

    section: str
    key: str
    value: str
    line: int = 0
    column: int = 1


def lines(source: str) -> Iterator[Line]:
    """What an ini file sets; `;` and `#` begin comments."""
    section = ""
    for number, text in enumerate(source.splitlines(), 1):
        if (found := _SECTION.fullmatch(text)) is not None:
            section = found[1].strip().lower()
            continue
        stripped = text.strip()
        if not stripped or stripped[0] in ";#":
            continue
        key, equals, value = stripped.partition("=")
        yield Line(
            section,
            key.strip() if equals else "",
            value.strip() if equals else stripped,
            number,
            len(text) - len(text.lstrip()) + 1,
        )


def variables(environment: Mapping[str, str]) -> Iterator[Line]:
    """`GF_SECTION_KEY`, dots and dashes of a section written as underscores."""
    for name, value in environment.items():
        if not name.startswith("GF_"):
            continue
        rest = name.removeprefix("GF_").lower()
        section = max((one for one in SECTIONS if rest.startswith(_flat(one) + "_") and one), key=len, default=None)
        if section is not None:
            yield Line(section, rest.removeprefix(_flat(section) + "_"), value)


def _flat(section: str) -> str:
    return section.replace(".", "_").replace("-", "_")


def read(source: str, file: str, environment: Mapping[str, str]) -> tuple[Settings, list[Finding]]:
    """The file, then the variables over it; and what is to be said of both."""
    found, settings = list[Finding](), Settings()
    for one in lines(source):
        value = _VARIABLE.sub(lambda name: environment.get(name[1] or name[2], ""), one.value).strip("\"'`")
        settings = _taken(settings, replace(one, value=value), file, found)
    for one in variables(environment):
        settings = _taken(settings, one, file, found)
    return settings, found


def _taken(settings: Settings, one: Line, file: str, found: list[Finding]) -> Settings:
    key = KEYS.get((one.section, one.key))
    if key is not None:
        try:
            return replace(settings, **{key.field: key.read(one.value)})
        except ValueError as error:
            found.append(_finding(Severity.ERROR, one, file, str(error)))
    elif one.line:
        found.append(_meaningless(one, file))
    return settings


def _meaningless(one: Line, file: str) -> Finding:
    if not one.key:
        return _finding(Severity.ERROR, one, file, f'want KEY = VALUE, got "{one.value}"')
    if one.section in SECTIONS and one.key in SECTIONS[one.section]:
        return _finding(Severity.IDLE, one, file, "without effect here: the engine has no such part")
    if one.section not in SECTIONS and one.section.startswith(_OPEN):
        return _finding(Severity.IDLE, one, file, "without effect here: the engine has no such part")
    if one.section not in SECTIONS:
        near = difflib.get_close_matches(one.section, SECTIONS, 1)
        return _finding(Severity.WARNING, one, file, f'unknown section "{one.section}"{_meant(near)}')
    near = difflib.get_close_matches(one.key, SECTIONS[one.section], 1)
    return _finding(Severity.WARNING, one, file, f'unknown key "{one.key}"{_meant(near)}')


def _meant(near: list[str]) -> str:
    return f' (did you mean "{near[0]}"?)' if near else ""


def _finding(severity: Severity, one: Line, file: str, message: str) -> Finding:
    if not one.line:
        return Finding(severity, f"GF_{_flat(one.section)}_{one.key}".upper(), 1, 1, "", message)
    return Finding(severity, file, one.line, one.column, f"[{one.section}] {one.key}", message)
