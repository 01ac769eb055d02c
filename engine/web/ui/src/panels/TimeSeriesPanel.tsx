import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import uPlot from "uplot";
import { type Axis, type SeriesDrawn, type TimeSeries, written } from "../lib/boards";
import { token } from "../lib/colours";
import { momentText } from "../lib/time";
import { timeTicks } from "../parts/Plot";
import type { PanelProps } from "./kinds";

const LEGEND_LINE = 20;

/** Lines, bars and points over time, as the server has decided all of their looks. */
export function TimeSeriesPanel({ drawn, width, height, group, onSpan }: PanelProps) {
  const panel = drawn as TimeSeries;
  const [only, setOnly] = useState<Set<number>>(new Set());
  const [at, setAt] = useState<{ index: number; left: number; top: number } | null>(null);
  const [theme, setTheme] = useState(0);
  const box = useRef<HTMLDivElement>(null);
  const shown = (i: number) => !panel.series[i]!.hidden && (!only.size || only.has(i));
  const named = panel.series.map((one, i) => ({ one, i })).filter(({ one }) => one.inLegend);
  const beside = panel.legend.show && panel.legend.placement === "right" && width > 400;
  const lines = panel.legend.mode === "table" ? named.length + 1 : Math.ceil(named.length / Math.max(1, Math.floor(width / 160)));
  const below = panel.legend.show && !beside ? Math.min(lines * LEGEND_LINE + 6, Math.max(LEGEND_LINE, height * 0.35)) : 0;
  const size = { width: beside ? Math.round(width * 0.68) : width, height: Math.max(40, height - below) };

  const stacked = useMemo(() => columns(panel, shown), [drawn, only]);
  useEffect(() => {
    const changed = () => setTheme((n) => n + 1);
    addEventListener("engine:theme", changed);
    return () => removeEventListener("engine:theme", changed);
  }, []);
  useEffect(() => {
    const moved = (plot: uPlot) => {
      const { idx, left, top } = plot.cursor;
      setAt(idx === null || idx === undefined || (left ?? -1) < 0 ? null : { index: idx, left: left!, top: top! });
    };
    const plot = new uPlot({ ...options(panel, shown, group, moved, onSpan), ...size }, stacked, box.current!);
    return () => plot.destroy();
  }, [stacked, size.width, size.height, theme]);

  const pick = (index: number, add: boolean) => {
    const next = new Set(add ? only : []);
    if (only.has(index) && (add || only.size === 1)) next.delete(index);
    else next.add(index);
    setOnly(next);
  };
  return (
    <div class={`ts ${beside ? "beside" : ""}`}>
      <div class="tsplot" ref={box} role="img" aria-label={`${panel.title}: ${panel.series.length} series`}>
        {at && panel.tooltip.mode !== "none" && <Tooltip panel={panel} at={at} shown={shown} width={size.width} />}
      </div>
      {panel.legend.show && <LegendOf panel={panel} named={named} shown={shown} pick={pick} height={beside ? height : below} />}
    </div>
  );
}

interface Named {
  one: SeriesDrawn;
  i: number;
}

function LegendOf({ panel, named, shown, pick, height }: { panel: TimeSeries; named: Named[]; shown: (i: number) => boolean; pick: (i: number, add: boolean) => void; height: number }) {
  const swatch = ({ one, i }: Named) => (
    <button type="button" class={shown(i) ? "" : "off"} onClick={(event) => pick(i, event.ctrlKey || event.metaKey)}>
      <i style={{ background: one.color }} />
      <span>{one.name}</span>
    </button>
  );
  if (panel.legend.mode === "table") {
    return (
      <div class="tslegend" style={{ maxHeight: `${height}px` }}>
        <table>
          <thead><tr><th />{panel.legend.calcs.map((calc) => <th class="right" key={calc}>{calc}</th>)}</tr></thead>
          <tbody>
            {named.map((n) => (
              <tr key={n.i}>
                <td>{swatch(n)}</td>
                {n.one.legend.map(({ calc, text }) => <td class="right number" key={calc}>{text}</td>)}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    );
  }
  return (
    <ul class="tslegend list" style={{ maxHeight: `${height}px` }}>
      {named.map((n) => (
        <li key={n.i}>
          {swatch(n)}
          {n.one.legend.map(({ calc, text }) => <small key={calc}>{calc}: {text}</small>)}
        </li>
      ))}
    </ul>
  );
}

const MOST_TOLD = 30;

function Tooltip({ panel, at, shown, width }: { panel: TimeSeries; at: { index: number; left: number; top: number }; shown: (i: number) => boolean; width: number }) {
  const rows = panel.series
    .map((one, i) => ({ one, i, value: one.values[at.index] ?? null }))
    .filter(({ one, i, value }) => shown(i) && one.inTooltip && value !== null);
  if (panel.tooltip.sort === "desc") rows.sort((a, b) => b.value! - a.value!);
  if (panel.tooltip.sort === "asc") rows.sort((a, b) => a.value! - b.value!);
  if (!rows.length) return null;
  const side = at.left > width / 2 ? { right: `${width - at.left + 12}px` } : { left: `${at.left + 60}px` };
  return (
    <div class="tip" style={{ ...side, top: `${Math.max(0, at.top - 20)}px` }}>
      <time>{momentText(panel.times[at.index]!)}</time>
      {rows.slice(0, MOST_TOLD).map(({ one, i, value }) => (
        <div key={i}>
          <i style={{ background: one.color }} />
          <span>{one.name}</span>
          <b>{written(panel.formats[one.format], value)}</b>
        </div>
      ))}
      {rows.length > MOST_TOLD && <small>and {rows.length - MOST_TOLD} more</small>}
    </div>
  );
}

/** Those of one stack lie on the sum of those before them. */
function columns(panel: TimeSeries, shown: (i: number) => boolean): uPlot.AlignedData {
  const sums = new Map<string, Float64Array>();
  const totals = new Map<string, Float64Array>();
  for (const one of panel.series.filter((s) => s.stack && s.percent)) {
    const total = totals.get(one.stack) ?? new Float64Array(panel.times.length);
    totals.set(one.stack, total);
    one.values.forEach((value, k) => (total[k]! += Math.abs(value ?? 0)));
  }
  const values = panel.series.map((one, i) => {
    const sign = one.negate ? -1 : 1;
    if (!one.stack || !shown(i)) return one.negate ? one.values.map((v) => (v === null ? null : -v)) : one.values;
    const sum = sums.get(one.stack) ?? new Float64Array(panel.times.length);
    sums.set(one.stack, sum);
    const total = totals.get(one.stack);
    return one.values.map((value, k) => {
      if (value === null) return null;
      const part = total ? (total[k] ? value / total[k]! : 0) : value;
      return (sum[k]! += sign * part);
    });
  });
  return [panel.times.map((ms) => ms / 1000), ...values];
}

function options(panel: TimeSeries, shown: (i: number) => boolean, group: string, moved: (plot: uPlot) => void, onSpan: (from: number, to: number) => void): Omit<uPlot.Options, "width" | "height"> {
  const ink = token("ink-3");
  const grid = { stroke: token("line"), width: 1 };
  const font = "11px system-ui, sans-serif";
  const axes = panel.axes.map((axis, i): uPlot.Axis => ({
    scale: `y${i}`,
    show: axis.side !== "none",
    side: axis.side === "right" ? 1 : 3,
    label: axis.label || undefined,
    labelFont: font,
    labelSize: axis.label ? 16 : 0,
    stroke: ink,
    font,
    grid: axis.grid && axis.side !== "right" ? grid : { show: false },
    ticks: { show: false },
    values: (_, splits) => splits.map((value) => (value === null ? "" : written(plain(panel, axis), value))),
    size: (_, values) => axis.width ?? 12 + 6.4 * Math.max(3, ...(values ?? []).map((text) => (text ?? "").length)),
  }));
  return {
    legend: { show: false },
    cursor: {
      drag: { x: true, y: false, setScale: false },
      sync: group ? { key: group, scales: ["x", null] } : undefined,
      points: { size: 5 },
    },
    padding: [8, panel.axes.some((a) => a.side === "right") ? 0 : 10, 0, 0],
    scales: {
      x: { time: true, range: [panel.from / 1000, panel.to / 1000] },
      ...Object.fromEntries(panel.axes.map((axis, i) => [`y${i}`, scale(axis)])),
    },
    axes: [{ stroke: ink, grid, ticks: { show: false }, font, size: 26, values: (_, splits) => timeTicks(splits) }, ...axes],
    series: [{}, ...panel.series.map((one, i) => look(one, shown(i)))],
    hooks: {
      setCursor: [moved],
      setSelect: [
        (plot) => {
          const { left, width } = plot.select;
          if (width < 4) return;
          const [from, to] = [plot.posToVal(left, "x"), plot.posToVal(left + width, "x")];
          plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
          onSpan(Math.round(from * 1000), Math.round(to * 1000));
        },
      ],
      drawClear: [(plot) => drawRegions(plot, panel)],
      draw: [(plot) => drawThresholds(plot, panel)],
    },
  };
}

/** An axis tells numbers; its mappings are for values. */
function plain(panel: TimeSeries, axis: Axis) {
  const format = panel.formats[axis.format];
  return format && { ...format, mappings: [] };
}

function scale(axis: Axis): uPlot.Scale {
  if (axis.log) return { distr: 3, log: axis.log };
  return {
    range: (_, low, high) => {
      const from = Math.min(low ?? 0, axis.softMin ?? Infinity);
      const to = Math.max(high ?? 1, axis.softMax ?? -Infinity);
      const [a, b] = uPlot.rangeNum(from, to, 0.1, true) as [number, number];
      return [axis.min ?? a, axis.max ?? b];
    },
  };
}

function look(one: SeriesDrawn, show: boolean): uPlot.Series {
  const bars = one.style === "bars";
  const tint = one.fill > 0 || bars ? alpha(one.color, bars ? Math.max(one.fill, 0.6) : one.fill) : undefined;
  return {
    show,
    label: one.name,
    scale: `y${one.axis}`,
    stroke: one.color,
    width: one.style === "points" || (bars && !one.width) ? 0 : one.width,
    dash: one.dash.length ? one.dash : undefined,
    fill: tint,
    paths: paths(one),
    spanGaps: one.spanNulls === true,
    points: {
      show: one.style === "points" || one.points === "always" || (one.points === "auto" && sparse(one.values)),
      size: one.pointSize,
      fill: one.color,
    },
  };
}

/** Single points between gaps would not be seen otherwise. */
function sparse(values: (number | null)[]): boolean {
  return values.filter((v) => v !== null).length < 2;
}

function paths(one: SeriesDrawn): uPlot.Series.PathBuilder | undefined {
  if (one.style === "points") return () => null;
  if (one.style === "bars") return uPlot.paths.bars!({ size: [0.8, 60] });
  if (one.shape === "smooth") return uPlot.paths.spline!();
  if (one.shape === "stepAfter") return uPlot.paths.stepped!({ align: 1 });
  if (one.shape === "stepBefore") return uPlot.paths.stepped!({ align: -1 });
  return undefined;
}

function alpha(colour: string, part: number): string {
  return /^#[0-9a-f]{6}$/i.test(colour) ? colour + Math.round(part * 255).toString(16).padStart(2, "0") : colour;
}

function drawRegions(plot: uPlot, panel: TimeSeries): void {
  const { ctx, bbox } = plot;
  ctx.save();
  for (const region of panel.regions) {
    const from = Math.max(bbox.left, plot.valToPos(region.from / 1000, "x", true));
    const to = Math.min(bbox.left + bbox.width, plot.valToPos(region.to / 1000, "x", true));
    ctx.fillStyle = region.color;
    if (to > from) ctx.fillRect(from, bbox.top, to - from, bbox.height);
  }
  ctx.restore();
}

function drawThresholds(plot: uPlot, panel: TimeSeries): void {
  const { style, steps } = panel.thresholds;
  if (style === "off" || !panel.axes.length) return;
  const { ctx, bbox } = plot;
  ctx.save();
  steps.forEach((step, i) => {
    const place = (value: number | null, otherwise: number) =>
      value === null ? otherwise : Math.min(bbox.top + bbox.height, Math.max(bbox.top, plot.valToPos(value, "y0", true)));
    const y = place(step.value, bbox.top + bbox.height);
    if (style.includes("area")) {
      ctx.fillStyle = alpha(step.color, 0.1);
      const top = place(steps[i + 1]?.value ?? null, bbox.top);
      ctx.fillRect(bbox.left, top, bbox.width, y - top);
    }
    if (step.value === null || style === "area" || y <= bbox.top || y >= bbox.top + bbox.height) return;
    ctx.strokeStyle = step.color;
    ctx.setLineDash(style === "dashed" ? [8, 6] : []);
    ctx.beginPath();
    ctx.moveTo(bbox.left, y);
    ctx.lineTo(bbox.left + bbox.width, y);
    ctx.stroke();
  });
  ctx.restore();
}
