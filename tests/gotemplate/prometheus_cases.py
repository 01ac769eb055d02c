"""Fields of an alert, and what Prometheus 2.42 makes of them: the same tables for the engine and for promtool.

`SERIES` is what promtool loads; `samples` answers the queries of the table as it would over them.
"""

from __future__ import annotations

from collections.abc import Mapping

from engine.foundation.errors import ConfigError

EXTERNAL_URL = "http://prom.example.com/base"
NOW = 1_700_000_000.5
SERIES = {
    'up{job="a", instance="x.example.com:80"}': "0",
    'up{job="b", instance="y.example.com:80"}': "1",
    'temp{room="<k>", __value__="str"}': "1234567.5",
}
LABELS = {"__name__": "up", "instance": "x.example.com:80", "job": "a"}
VALUE = 0.0
_UP = [
    ({"__name__": "up", "instance": "x.example.com:80", "job": "a"}, 0.0),
    ({"__name__": "up", "instance": "y.example.com:80", "job": "b"}, 1.0),
]
_ANSWERS = {
    "up": _UP,
    "up == 1": _UP[1:],
    "sort(up)": _UP,
    "sort_desc(up)": _UP[::-1],
    "nope": [],
    "temp": [({"__name__": "temp", "room": "<k>", "__value__": "str"}, 1234567.5)],
    "temp * 2": [({"room": "<k>", "__value__": "str"}, 2469135.0)],
}


def samples(expression: str) -> list[tuple[Mapping[str, str], float]]:
    if expression not in _ANSWERS:
        raise ConfigError("1:2: parse error: unclosed left parenthesis")
    return list(_ANSWERS[expression])


def _failure(column: int, where: str, message: str) -> str:
    place = f'template: __alert_A:1:{column}: executing "__alert_A" at <{where}>'
    return f"<error expanding template: error executing template __alert_A: {place}: {message}>"


CASES: list[tuple[str, str]] = [
    ("plain", "plain"),
    (
        "{{ $value }} {{ $labels.job }} {{ $labels.nope }}|{{ $labels }} {{ .Value }}",
        "0 a |map[__name__:up instance:x.example.com:80 job:a] 0",
    ),
    (
        "{{ humanize 1234567 }} {{ humanize 0.0001234 }} {{ humanize 0 }} {{ humanize -1000 }} {{ humanize 1e30 }} {{ humanize 1e-30 }}",
        "1.235M 123.4u 0 -1k 1e+06Y 1e-06y",
    ),
    (
        '{{ humanize "1e3" }} {{ humanize "NaN" }} {{ humanize "+Inf" }} {{ humanize "0x1p4" }} {{ humanize "-inf" }}',
        "1k NaN +Inf 16 -Inf",
    ),
    (
        "{{ humanize1024 1536 }} {{ humanize1024 0.5 }} {{ humanize1024 1048576 }} {{ humanize1024 -2048 }} {{ humanize1024 1 }} {{ humanize1024 1000 }} {{ humanize1024 1e30 }}",
        "1.5ki 0.5 1Mi -2ki 1 1000 8.272e+05Yi",
    ),
    (
        "{{ humanizeDuration 0 }} {{ humanizeDuration 1 }} {{ humanizeDuration 60 }} {{ humanizeDuration 3600 }} {{ humanizeDuration 86400 }} {{ humanizeDuration 93784.5 }}",
        "0s 1s 1m 0s 1h 0m 0s 1d 0h 0m 0s 1d 2h 3m 4s",
    ),
    (
        "{{ humanizeDuration 0.5 }} {{ humanizeDuration 0.0000012 }} {{ humanizeDuration -61 }} {{ humanizeDuration 59.9999 }} {{ humanizeDuration 1.2345 }} {{ humanizeDuration -0.1 }}",
        "500ms 1.2us -1m 1s 60s 1.234s -100ms",
    ),
    ('{{ humanizeDuration "NaN" }} {{ humanizeDuration "60" }} {{ humanizeDuration "-Inf" }}', "NaN 1m 0s -Inf"),
    (
        '{{ humanizePercentage 0.1234567 }} {{ humanizePercentage 1 }} {{ humanizePercentage "0.5" }} {{ humanizePercentage 1e-9 }}',
        "12.35% 100% 50% 1e-07%",
    ),
    (
        "{{ humanizeTimestamp 1435065584.128 }} {{ humanizeTimestamp 0 }} {{ humanizeTimestamp -1.5 }}",
        "2015-06-23 13:19:44.128 +0000 UTC 1970-01-01 00:00:00 +0000 UTC 1969-12-31 23:59:58.5 +0000 UTC",
    ),
    ('{{ humanizeTimestamp "NaN" }} {{ humanizeTimestamp "1.0009" }}', "NaN 1970-01-01 00:00:01 +0000 UTC"),
    (
        "{{ humanizeTimestamp 1e20 }}",
        _failure(
            115,
            "humanizeTimestamp 1e20",
            "error calling humanizeTimestamp: 1e+20 cannot be represented as a nanoseconds timestamp since it overflows int64",
        ),
    ),
    ('{{ toTime "NaN" }}', _failure(115, 'toTime "NaN"', "error calling toTime: value is NaN or Inf")),
    (
        '{{ toTime 1.5 }} {{ (toTime 1.5).Unix }} {{ (toTime "60").Format "15:04" }} {{ printf "%T %v" (toTime 1) (toTime 1) }}',
        "1970-01-01 00:00:01.5 +0000 UTC 1 00:01 *time.Time 1970-01-01 00:00:01 +0000 UTC",
    ),
    (
        '{{ humanize "abc" }}',
        _failure(115, 'humanize "abc"', 'error calling humanize: strconv.ParseFloat: parsing "abc": invalid syntax'),
    ),
    (
        '{{ humanize "1e999" }}',
        _failure(
            115, 'humanize "1e999"', 'error calling humanize: strconv.ParseFloat: parsing "1e999": value out of range'
        ),
    ),
    ("{{ humanize true }}", _failure(115, "humanize true", "error calling humanize: can't convert bool to float")),
    (
        "{{ humanize .Labels }}",
        _failure(115, "humanize .Labels", "error calling humanize: can't convert map[string]string to float"),
    ),
    ("{{ humanize nil }}", _failure(115, "humanize nil", "error calling humanize: can't convert <nil> to float")),
    (
        '{{ title "o\'neil foo-bar a_b éa 2nd hELLO" }} {{ toUpper "ab" }} {{ toLower "AB" }}',
        "O'Neil Foo-Bar A_b Éa 2nd HELLO AB ab",
    ),
    (
        '{{ match "^a" "abc" }} {{ match "x" "abc" }} {{ reReplaceAll "(b)(.)" "$2${1}$$" "abcabd" }}',
        "true false acb$adb$",
    ),
    (
        '{{ reReplaceAll "(" "" "" }}',
        _failure(
            115,
            'reReplaceAll "(" "" ""',
            "error calling reReplaceAll: regexp: Compile(`(`): error parsing regexp: missing closing ): `(`",
        ),
    ),
    (
        '{{ match "[" "" }}',
        _failure(115, 'match "[" ""', "error calling match: error parsing regexp: missing closing ]: `[`"),
    ),
    (
        '{{ graphLink "up == 0" }} {{ tableLink "rate(a{b=\\"c\\"}[5m])" }}',
        "/graph?g0.expr=up+%3D%3D+0&g0.tab=0 /graph?g0.expr=rate%28a%7Bb%3D%22c%22%7D%5B5m%5D%29&g0.tab=1",
    ),
    (
        '{{ stripPort "a.b:80" }} {{ stripPort "a.b" }} {{ stripDomain "a.b.c:80" }} {{ stripDomain "10.0.0.1:80" }} {{ stripDomain "[::1]:80" }} {{ stripPort "[::1]:80" }} {{ stripDomain "a.b" }}',
        "a.b a.b a:80 10.0.0.1:80 [::1]:80 ::1 a",
    ),
    ('{{ "<b>" | safeHtml }} {{ printf "%T" (safeHtml "x") }}', "<b> template.HTML"),
    (
        '{{ parseDuration "1h30m" }} {{ parseDuration "90s" | humanizeDuration }} {{ parseDuration "1ms" }} {{ parseDuration "0" }}',
        "5400 1m 30s 0.001 0",
    ),
    (
        '{{ parseDuration "1x" }}',
        _failure(115, 'parseDuration "1x"', 'error calling parseDuration: not a valid duration string: "1x"'),
    ),
    (
        '{{ args 1 "a" nil }} {{ (args 1 "a").arg1 }} {{ with args 5 6 }}{{ .arg0 }}{{ .nope }}{{ end }}',
        "map[arg0:1 arg1:a arg2:<nil>] a 5<no value>",
    ),
    ('{{ define "x" }}{{ .arg0 }}-{{ .arg1 }}{{ end }}{{ template "x" (args "a" 2) }}', "a-2"),
    (
        '{{ query "up" | len }} {{ with query "up == 1" }}{{ . | first | value }}{{ . | first | label "job" }}{{ end }}{{ with query "nope" }}x{{ else }}none{{ end }}',
        "2 1bnone",
    ),
    (
        '{{ range query "sort(up)" }}{{ .Labels.job }}={{ .Value }};{{ end }}{{ range query "sort_desc(up)" | sortByLabel "job" }}{{ .Labels.job }}{{ end }}',
        "a=0;b=1;ab",
    ),
    (
        '{{ range query "temp" }}{{ . }} {{ .Value }} {{ .Value | humanize }} {{ .Value | printf "%.1f" }} {{ strvalue . }} {{ .Labels.room }}{{ end }}',
        "{map[__name__:temp __value__:str room:<k>] 1.2345675e+06} 1.2345675e+06 1.235M 1234567.5 str <k>",
    ),
    (
        '{{ printf "%T" (query "up") }} {{ printf "%T" (query "up" | first) }} {{ query "temp * 2" | first | value }}',
        "template.queryResult *template.sample 2.469135e+06",
    ),
    ('{{ query "(" }}', _failure(115, 'query "("', "error calling query: 1:2: parse error: unclosed left parenthesis")),
    (
        '{{ first (query "nope") }}',
        _failure(115, 'first (query "nope")', "error calling first: first() called on vector with no elements"),
    ),
    ('{{ (query "up" | first).Foo }}', _failure(129, "first", "can't evaluate field Foo in type *template.sample")),
    (
        '{{ label "a" nil }}',
        _failure(
            115,
            'label "a" nil',
            "error calling label: runtime error: invalid memory address or nil pointer dereference",
        ),
    ),
    ('{{ label "job" 1 }}', _failure(127, "1", "can't handle 1 for arg of type *template.sample")),
    (
        "{{ value . }}",
        _failure(
            121,
            ".",
            "wrong type for value; expected *template.sample; got struct { Labels map[string]string; ExternalLabels map[string]string; ExternalURL string; Value float64 }",
        ),
    ),
    ("{{ sortByLabel 1 2 }}", _failure(127, "1", "expected string; found 1")),
    (
        "{{ .Foo }}",
        _failure(
            115,
            ".Foo",
            "can't evaluate field Foo in type struct { Labels map[string]string; ExternalLabels map[string]string; ExternalURL string; Value float64 }",
        ),
    ),
    ('{{ template "x" }}', _failure(124, '{{template "x"}}', 'template "x" not defined')),
    ("{{ if eq $labels.job `a` }}yes{{ else }}no{{ end }} {{ if gt $value 0.5 }}high{{ else }}low{{ end }}", "yes low"),
    ("{{ gt $value 0 }}", _failure(115, "gt $value 0", "error calling gt: incompatible types for comparison")),
    (
        "{{ $value | printf `%.2f` }} {{ $value | humanizePercentage }} {{ range $k, $v := $labels }}{{ $k }} {{ end }}{{ with $labels.nope }}x{{ end }}",
        "0.00 0% __name__ instance job ",
    ),
    (
        "a\n{{ .Foo }}",
        _failure(
            3,
            ".Foo",
            "can't evaluate field Foo in type struct { Labels map[string]string; ExternalLabels map[string]string; ExternalURL string; Value float64 }",
        ).replace(":1:3:", ":2:3:"),
    ),
]
