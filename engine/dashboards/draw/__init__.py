"""What a browser draws: the JSON of `/api/engine/dashboards` and `/api/engine/panel`.

Laws: the server decides, the browser draws. Units, decimals, mappings, thresholds, colours, names, transformations,
repeats and variables are settled here, so that a panel's answer can be drawn as it stands. Times are Unix milliseconds,
null is "no value" (NaN and infinities too), colours are `#rrggbb` or `#rrggbbaa`, every list may be empty. They are
those of the dark theme: a page on light ground takes the next darker shade of a hue (`ui/src/lib/colours.ts`). An error
is `{"message": ...}` with a 4xx status, as Grafana's.

    GET /api/engine/dashboards?query=&tag=
      [{uid, title, url, slug, folder, folderUid, tags, canSave, problem}]     problem: why its file can't be shown,
        or ""

    GET /api/engine/dashboards/UID?from=&to=&var-NAME=VALUE&var-NAME=VALUE2    values as in Grafana's URLs; `$__all`
    POST /api/engine/dashboards/preview  {dashboard, from, to, variables}      the same for JSON that is nowhere saved
      {uid, title, description, tags, folder, version, canSave,
       timezone: "browser"|"utc"|"Europe/Berlin", from, to,               "now-6h" as written, unless the URL has them
       refresh: "30s"|"", intervals: ["5s", ...], weekStart, crosshair: 0|1|2,
       links: [{title, url, kind: "link"|"dashboards", tags, newTab, keepTime, keepVariables, tooltip, asDropdown}],
       variables: [{name, label, kind, hidden: 0|1|2, multi, all,              hidden: 1 no label, 2 not at all
                    value: ["a"], text: "a + b", isAll,
                    options: [{text, value}],                                  `$__all` first where all may be chosen
                    filters: [{key, operator, value}], problem}],              filters: of an adhoc one
       annotations: [{name, color, enabled, hidden}],
       panels: [PANEL], notes: [text]}                                         notes: what is not as Grafana draws it

    PANEL, in drawing order; repeated ones stand here once for each value
      {key, id, kind, type, title, description, x, y, w, h, transparent,
        in 24 columns; a unit of height is 30 px, gap 8
       scope: {variable: value},                                               send it back with the panel's id
       links: [{title, url, newTab}], timeInfo: "Last 1h", notes: [text],
       collapsed, panels: [PANEL]}                                             the last two: of kind "row" alone
      kind is one of those below; a type that is not known here has kind "table" and a note.

    POST /api/engine/panel
      {dashboard: UID, panel: ID, scope, from, to,                             ms, or "now-6h"
       variables: {name: [value]}, width: px, maxDataPoints?, adhoc: {name: [{key, operator, value}]},
       model?, board?,                                                     a panel's or a dashboard's own JSON instead
      timezone?, frame?}                                                   of the browser; which of several tables
      {kind, title, from, to, step,                                        step: ms, of the first query; 0 without one
       queries: [{refId, query, source, problem, seconds, step}], problem,     problem: no data at all, and why
       notes: [text], formats: [FORMAT], links: [...], ...}                    and the parts of its kind:

    timeseries  {times: [ms], series: [SERIES], axes: [AXIS], legend: LEGEND,
      tooltip: {mode: "single"|"multi"|"none", sort},
                 thresholds: THRESHOLDS}
      SERIES    {name, refId, labels, values: [number|null],                   one for each of `times`
                 axis, format, color, hidden,                                  indices into axes and formats
                 style: "line"|"bars"|"points", width, fill: 0..1, gradient, points: "auto"|"always"|"never",
                   pointSize,
                 shape: "linear"|"smooth"|"stepBefore"|"stepAfter", dash: [px], spanNulls: bool|ms,
                 stack: ""|group, percent, negate, fillBelow: name|"",         `stack`: those of one group add up
                 legend: [{calc, text, value}], inLegend, inTooltip}
      AXIS  {side: "left"|"right"|"none", label, format, min, max, softMin, softMax, log: 0|2|10, center, grid, width}
      LEGEND    {show, mode: "list"|"table", placement: "bottom"|"right", calcs: ["mean"], sortBy: calc|"", sortDesc}
      THRESHOLDS {style: "off"|"line"|"area"|"line+area"|"dashed", steps: [{value: number|null, color}]}

    stat, gauge, bargauge  {values: [{name, value, text, prefix, suffix, color, fill: 0..1|null,
                              steps: [{value, color, at: 0..1}], min, max, link,     steps, min, max: of gauges
                              spark: {times, values, min, max}|null}],
                 options: {orientation, colorMode, graphMode, textMode, justify, valueSize, titleSize,
                           displayMode: "basic"|"lcd"|"gradient", labels, markers, wide, unfilled}}

    table       {columns: [{name, kind: "time"|"number"|"string"|"boolean", align, width, hidden,
                   cell: "auto"|"text"|"color-text"|"color-background"|"gauge"|"json"|"image", filterable,
                   texts: [text], values: [any], colors: [color|null]|null, fills: [0..1]|null, links: [[{title,
                     url}]]|null}],
                 rows: count, sort: [{column: name, desc}], showHeader, footer: [text]|null, frames: [name], frame}

    heatmap     {times: [ms], buckets: [text], bounds: [number]|null, counts: [[number|null]],   counts: by bucket,
      then time
                 format, countFormat, min, max, colors: [color], showLegend, yTitle}      formats: of bounds; of counts
    histogram   {edges: [number], series: [{name, color, counts: [number]}], format, stacked, legend: LEGEND}
    piechart    {slices: [{name, value, text, color, percent, percentText, hidden}], donut,
      labels: ["name"|"value"|"percent"],
                 legend: LEGEND, legendValues: ["value"|"percent"]}
    barchart    {categories: [text], series: [{name, values, texts, color, format}], horizontal,
      stacking: "none"|"normal"|"percent",
                 showValue: "auto"|"always"|"never", legend: LEGEND, barWidth, groupWidth, axes: [AXIS]}
    state-timeline, status-history  {rows: [{name, spans: [{from, to, text, color, value}]}], showValue, rowHeight,
      legend: LEGEND,
                 items: [{text, color}]}                                       items: the legend's
    logs     {lines: [{time: ns as text, ms, line, labels, level, color, fields, unique}], wrap, showTime, showLabels,
                 showCommonLabels, commonLabels, order: "desc"|"asc", details, dedup}
    text        {mode: "markdown"|"html"|"code", html, source, language}        html: sanitised, may be set as it is
    alertlist   {alerts: [{name, state, labels, annotations, value, since, group}], viewMode, showInstances}
    dashlist    {boards: [{uid, title, url, tags, folder}]}
    annolist    {annotations: [{time, timeEnd, title, text, tags}]}
    row         {}

    GET /api/engine/dashboards/UID/annotations?from=&to=&var-NAME=             drawn over every timeseries panel
      [{name, color, time, timeEnd: ms|null, title, text, tags}]

    GET /api/engine/dashboards/UID/source                                      {file, text, revision}
    POST /api/engine/dashboards/UID/difference  {dashboard}       {lines: [{kind: " "|"+"|"-", text}], revision, file}
    POST /api/engine/dashboards/save  {dashboard, folderUid,
      revision}         writes the file; 412 where it is another by now

    GET /api/engine/sources
      [{uid, name, type, isDefault, url, place: "in process"|"remote", problem}]

FORMAT says how a number of this unit is written, so that axes and tooltips can do it without asking:
  {unit, decimals: n|null, prefix, suffix, kind: "scaled"|"plain"|"locale"|"scientific"|"time"|"texts",
   steps: [[factor, prefix, suffix]],       scaled: take the last step whose factor <= |value| (the first,
     if none is), divide by it
   offset, factor,                          `value * factor + offset` comes first
   mappings: [{value|from,to|pattern|special, text, color}], pattern, noValue}
With decimals null: as many as three significant digits need; axes leave zeros at the end away.
"""
