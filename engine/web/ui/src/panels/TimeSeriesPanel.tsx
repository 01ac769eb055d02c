import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import uPlot from "uplot";
import { type Annotation, type Axis, type SeriesDrawn, type TimeSeries, written } from "../lib/boards";
import { alpha, token } from "../lib/colours";
import { momentText } from "../lib/time";
import { crosshair, picked, selected, timeTicks } from "../parts/Plot";
import type { PanelProps } from "./kinds";
import { LegendOf, roomOf } from "./Legend";

/** Where the pointer is; `nearest` is the series whose line is closest to it, `marks` are the annotations under it. */
interface At {
  index: number;
  left: number;
  top: number;
  nearest: number;
  marks: Annotation[];
}

/** Lines, bars and points over time, as the server has decided all of their looks. */
export function TimeSeriesPanel({ drawn, width, height, group, marks, onSpan }: PanelProps) {
  const panel = drawn as TimeSeries;
  const [only, setOnly] = useState<Set<number>>(new Set());
  const point = useRef<(at: At | null) => void>(() => undefined);
  const box = useRef<HTMLDivElement>(null);
  const shown = (i: number) => !panel.series[i]!.hidden && (!only.size || only.has(i));
  const named = panel.series.map((one, i) => ({ one, i })).filter(({ one }) => one.inLegend);
  const items = named.map(({ one, i }) => ({ name: one.name, color: one.color, off: !shown(i), values: one.legend }));
  const room = roomOf(panel.legend, items, width, height);
  const size = room.beside ? { width: width - room.width - 8, height } : { width, height: Math.max(40, height - room.height) };

  const stacked = useMemo(() => columns(panel, shown), [drawn, only]);
  useEffect(() => {
    const moved = (plot: uPlot) => point.current(atPointer(plot, panel, shown, marks, group));
    const plot = new uPlot({ ...options(panel, shown, group, marks, moved, onSpan), ...size }, stacked, box.current!);
    return () => plot.destroy();
  }, [stacked, size.width, size.height, marks]);

  return (
    <div class={`ts ${room.beside ? "beside" : ""}`}>
      <div class="tsplot" ref={box} role="img" aria-label={`${panel.title}: ${panel.series.length} series`}>
        {panel.tooltip.mode !== "none" && <Tooltip panel={panel} point={point} shown={shown} width={size.width} />}
      </div>
      <LegendOf legend={panel.legend} items={items} room={room} onPick={(n, add) => setOnly(picked(only, named[n]!.i, add))} />
    </div>
  );
}

function atPointer(plot: uPlot, panel: TimeSeries, shown: (i: number) => boolean, marks: Annotation[], group: string): At | null {
  const { idx, left, top } = plot.cursor;
  // A crosshair that another panel moves tells values only where the tooltip is shared too.
  if (idx === null || idx === undefined || (left ?? -1) < 0 || (!group.endsWith("+") && !plot.over.matches(":hover"))) return null;
  let [nearest, least] = [-1, Infinity];
  panel.series.forEach((one, i) => {
    const value = plot.data[i + 1]?.[idx];
    if (!shown(i) || value === null || value === undefined) return;
    const off = Math.abs(plot.valToPos(value, `y${one.axis}`) - top!);
    if (off < least) [nearest, least] = [i, off];
  });
  const near = marks.filter((one) => {
    const [from, to] = [plot.valToPos(one.time / 1000, "x") - 5, plot.valToPos((one.timeEnd ?? one.time) / 1000, "x") + 5];
    return left! >= from && left! <= to;
  });
  return { index: idx, left: left!, top: top!, nearest, marks: near };
}

const MOST_TOLD = 30;
/** Of how many series the pointer marks the values: each mark is an element that moves with it. */
const MOST_POINTED = 100;

interface TooltipProps {
  panel: TimeSeries;
  /** Filled with what tells it where the pointer is: a move of the pointer draws the tooltip anew, and nothing else. */
  point: { current: (at: At | null) => void };
  shown: (i: number) => boolean;
  width: number;
}

function Tooltip({ panel, point, shown, width }: TooltipProps) {
  const [at, setAt] = useState<At | null>(null);
  point.current = setAt;
  if (!at) return null;
  const rows = panel.series
    .map((one, i) => ({ one, i, value: told(one, one.values[at.index] ?? null) }))
    .filter(({ one, i, value }) => shown(i) && one.inTooltip && value !== null && (panel.tooltip.mode !== "single" || i === at.nearest));
  if (panel.tooltip.sort === "desc") rows.sort((a, b) => b.value! - a.value!);
  if (panel.tooltip.sort === "asc") rows.sort((a, b) => a.value! - b.value!);
  if (!rows.length && !at.marks.length) return null;
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
      {at.marks.slice(0, MOST_TOLD).map((one, k) => <p key={k} style={{ borderColor: one.color }}>{[one.title, one.text, one.tags.join(", ")].filter(Boolean).join(" · ") || one.name}</p>)}
    </div>
  );
}

/** What is drawn below zero is told as it was. */
const told = (one: SeriesDrawn, value: number | null) => (one.negate && value !== null ? -value : value);

/** Those of one stack lie on the sum of those before them; of a percent stack each is a part of the whole. */
function columns(panel: TimeSeries, shown: (i: number) => boolean): uPlot.AlignedData {
  const sums = new Map<string, Float64Array>();
  const totals = new Map<string, Float64Array>();
  const under = (of: Map<string, Float64Array>, one: SeriesDrawn) => {
    const key = stackOf(one);
    if (!of.has(key)) of.set(key, new Float64Array(panel.times.length));
    return of.get(key)!;
  };
  panel.series.forEach((one, i) => {
    if (!one.stack || !one.percent || !shown(i)) return;
    const total = under(totals, one);
    one.values.forEach((value, k) => (total[k]! += Math.abs(value ?? 0)));
  });
  const values = panel.series.map((one, i) => {
    if (!one.stack || !shown(i)) return one.values;
    const sum = under(sums, one);
    const total = totals.get(stackOf(one));
    return one.values.map((value, k) => (value === null ? null : (sum[k]! += total ? value / (total[k] || 1) : value)));
  });
  return [panel.times.map((ms) => ms / 1000), ...values];
}

function options(panel: TimeSeries, shown: (i: number) => boolean, group: string, marks: Annotation[], moved: (plot: uPlot) => void, onSpan: (from: number, to: number) => void): Omit<uPlot.Options, "width" | "height"> {
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
    incrs: panel.formats[axis.format]?.steps?.some(([factor]) => factor === 1024) ? BINARY : undefined,
    values: (_, splits) => splits.map((value) => (value === null ? "" : written(plain(panel, axis), value, true))),
    size: (_, values) => axis.width ?? 12 + 6.4 * Math.max(3, ...(values ?? []).map((text) => (text ?? "").length)),
  }));
  return {
    legend: { show: false },
    cursor: {
      drag: { x: true, y: false, setScale: false },
      sync: crosshair(group),
      points: panel.series.length > MOST_POINTED ? { show: false } : { size: 5 },
    },
    padding: [8, panel.axes.some((a) => a.side === "right") ? 0 : RIGHT, 0, 0],
    scales: {
      x: { time: true, range: [panel.from / 1000, panel.to / 1000] },
      ...Object.fromEntries(panel.axes.map((axis, i) => [`y${i}`, scale(axis, panel.series.some((one) => one.axis === i && one.percent))])),
    },
    axes: [{ stroke: ink, grid, ticks: { show: false }, font, size: 26, space: 72, values: whole }, ...axes],
    series: [{}, ...panel.series.map((one, i) => look(one, shown(i)))],
    bands: bands(panel, shown),
    hooks: {
      setCursor: [moved],
      setSelect: [(plot) => selected(plot, onSpan)],
      drawClear: [(plot) => drawThresholds(plot, panel)],
      draw: [(plot) => drawMarks(plot, marks)],
    },
  };
}

const RIGHT = 10;

/** The times below the graph, without one that the panel's end would cut off: the graph's own place is not known yet. */
function whole(plot: uPlot, splits: number[]): string[] {
  const { min, max } = plot.scales.x as { min: number; max: number };
  const left = (second: number) => RIGHT + ((max - second) / (max - min || 1)) * (plot.width - 80);
  return timeTicks(splits).map((text, i) => (left(splits[i]!) < 3 * text.split("\n").at(-1)!.length ? "" : text));
}

/** Distances of marks on an axis whose units are 1024 times each other. */
const BINARY = Array.from({ length: 90 }, (_, i) => 2 ** (i - 20));

/** An axis tells numbers; its mappings are for values. */
function plain(panel: TimeSeries, axis: Axis) {
  const format = panel.formats[axis.format];
  return format && { ...format, mappings: [] };
}

function scale(axis: Axis, percent: boolean): uPlot.Scale {
  if (axis.log) return { distr: 3, log: axis.log };
  return {
    range: (_, low, high) => {
      if (percent) return [axis.min ?? ((low ?? 0) < 0 ? -1 : 0), axis.max ?? 1];
      const from = Math.min(low ?? 0, axis.softMin ?? Infinity);
      const to = Math.max(high ?? 1, axis.softMax ?? -Infinity);
      const [a, b] = uPlot.rangeNum(from, to, 0.1, true) as [number, number];
      const most = Math.max(Math.abs(a), Math.abs(b));
      return axis.center ? [axis.min ?? -most, axis.max ?? most] : [axis.min ?? a, axis.max ?? b];
    },
  };
}

/** Each of a stack is filled down to the one below it only, and `fillBelow` down to the one that it names. */
function bands(panel: TimeSeries, shown: (i: number) => boolean): uPlot.Band[] {
  const found: uPlot.Band[] = [];
  const below = new Map<string, number>();
  panel.series.forEach((one, i) => {
    if (!shown(i)) return;
    const under = one.stack ? below.get(stackOf(one)) : panel.series.findIndex((other) => other.name === one.fillBelow);
    if (under !== undefined && under >= 0 && under !== i) found.push({ series: [i + 1, under + 1] });
    if (one.stack) below.set(stackOf(one), i);
  });
  return found;
}

/** Series of different axes can't lie on each other. */
const stackOf = (one: SeriesDrawn) => `${one.stack} ${one.axis}`;

function look(one: SeriesDrawn, show: boolean): uPlot.Series {
  const bars = one.style === "bars";
  const part = one.fill;
  let alone: number[] | undefined;
  return {
    show,
    label: one.name,
    scale: `y${one.axis}`,
    stroke: one.color,
    width: one.style === "points" || (bars && !one.width) ? 0 : one.width,
    dash: one.dash.length ? one.dash : undefined,
    fill: part <= 0 ? undefined : one.gradient === "none" ? alpha(one.color, part) : (plot) => fading(plot, one.color, part),
    paths: paths(one),
    spanGaps: one.spanNulls === true,
    gaps: (plot, _series, _from, _to, gaps) => (typeof one.spanNulls === "number" ? gaps.filter((gap) => wide(plot, gap, one.spanNulls as number)) : gaps),
    points: { ...pointed(one), size: one.pointSize, fill: one.color, filter: (_plot, _series, all) => (all || bars ? null : (alone ??= lonely(one))) },
  };
}

/** Where the file leaves it open, uPlot shows points that have room beside each other. */
function pointed(one: SeriesDrawn): { show?: boolean } {
  if (one.style === "points" || one.points === "always") return { show: true };
  return one.points === "never" || one.style === "bars" ? { show: false } : {};
}

/** Single values between gaps, which no line would show. */
function lonely({ values }: SeriesDrawn): number[] {
  return values.flatMap((value, k) => (value !== null && (values[k - 1] ?? null) === null && (values[k + 1] ?? null) === null ? [k] : []));
}

function paths(one: SeriesDrawn): uPlot.Series.PathBuilder | undefined {
  if (one.style === "points") return () => null;
  if (one.style === "bars") return uPlot.paths.bars!({ size: [0.8, 60] });
  if (one.shape === "smooth") return uPlot.paths.spline!();
  if (one.shape === "stepAfter") return uPlot.paths.stepped!({ align: 1 });
  if (one.shape === "stepBefore") return uPlot.paths.stepped!({ align: -1 });
  return undefined;
}

function fading(plot: uPlot, colour: string, part: number): CanvasGradient | string {
  const { top, height } = plot.bbox;
  if (!Number.isFinite(top + height)) return alpha(colour, part);
  const made = plot.ctx.createLinearGradient(0, top, 0, top + height);
  made.addColorStop(0, alpha(colour, part));
  made.addColorStop(1, alpha(colour, part * 0.1));
  return made;
}

/** Whether a gap between two pixels takes longer than that many ms. */
function wide(plot: uPlot, [from, to]: [number, number], ms: number): boolean {
  return (plot.posToVal(to, "x", true) - plot.posToVal(from, "x", true)) * 1000 > ms;
}

/** Annotations: a line at a moment, a band over a span. */
function drawMarks(plot: uPlot, marks: Annotation[]): void {
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  ctx.lineWidth = devicePixelRatio;
  ctx.setLineDash([4, 4]);
  for (const one of marks) {
    const [from, to] = [one.time, one.timeEnd ?? one.time].map((ms) => Math.round(plot.valToPos(ms / 1000, "x", true)) + 0.5) as [number, number];
    ctx.strokeStyle = one.color;
    ctx.beginPath();
    for (const x of new Set([from, to])) {
      ctx.moveTo(x, bbox.top);
      ctx.lineTo(x, bbox.top + bbox.height);
    }
    ctx.stroke();
    ctx.fillStyle = alpha(one.color, 0.12);
    ctx.fillRect(from, bbox.top, to - from, bbox.height);
    ctx.fillStyle = one.color;
    ctx.fillRect(from - 1, bbox.top + bbox.height - 4 * devicePixelRatio, Math.max(3, to - from + 2), 4 * devicePixelRatio);
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
