import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import uPlot from "uplot";
import { alpha, token } from "../lib/colours";
import { short } from "../lib/numbers";
import { dateText, momentText, timeText } from "../lib/time";

export interface Line {
  name: string;
  colour: string;
  values: (number | null)[];
  /** Drawn otherwise than a thin line. */
  bars?: boolean;
  points?: boolean;
  fill?: number;
  width?: number;
  dash?: number[];
  step?: boolean;
  right?: boolean;
}

export interface Level {
  value: number;
  colour: string;
}

/** A single event. */
export interface Dot {
  /** In seconds. */
  at: number;
  value: number;
  colour: string;
  told: string;
}

interface Props {
  /** Instants, in seconds, rising; the same for all lines. */
  times: number[];
  lines: Line[];
  /** The whole span, in ms; what has no data stays empty. */
  span: [number, number];
  height?: number;
  stacked?: boolean;
  format?: (value: number) => string;
  formatRight?: (value: number) => string;
  min?: number;
  max?: number;
  log?: boolean;
  levels?: Level[];
  dots?: Dot[];
  /** Plots of one group share their cross hair. */
  group?: string;
  legend?: "list" | "none";
  onSpan?: (from: number, to: number) => void;
}

const MOST_NAMED = 200;
/** Below this height (pixels) the numbers of an axis stand closer, so that there is more than one. */
const LOW = 140;

export function Plot(props: Props) {
  const box = useRef<HTMLDivElement>(null);
  const drawn = useRef<uPlot | null>(null);
  const [only, setOnly] = useState<Set<number>>(new Set());
  const [pointer, setPointer] = useState<Pointer | null>(null);
  const at = pointer?.index ?? null;
  const [theme, setTheme] = useState(0);
  const shown = (i: number) => !only.size || only.has(i);
  const data = useMemo(() => columns(props, shown), [props.times, props.lines, props.stacked, only]);

  useEffect(() => {
    const changed = () => setTheme((n) => n + 1);
    addEventListener("engine:theme", changed);
    return () => removeEventListener("engine:theme", changed);
  }, []);

  useEffect(() => {
    const holder = box.current!;
    const plot = new uPlot(options(props, holder, shown, setPointer), data, holder);
    drawn.current = plot;
    const watch = new ResizeObserver(() => {
      if (holder.clientWidth) plot.setSize({ width: holder.clientWidth, height: props.height ?? 240 });
    });
    watch.observe(holder);
    return () => {
      watch.disconnect();
      plot.destroy();
    };
  }, [data, props.span[0], props.span[1], props.height, props.log, props.min, props.max, props.dots, theme]);


  return (
    <div class="plot">
      <div class="ts">
        <div ref={box} class="canvas" role="img" aria-label={`Graph of ${props.lines.length} series`} />
        {pointer && <Tip pointer={pointer} props={props} />}
      </div>
      {props.legend !== "none" && (
        <ul class="legend">
          {props.lines.slice(0, MOST_NAMED).map((line, i) => (
            <li key={i} class={shown(i) ? "" : "off"}>
              <button
                type="button"
                title="Click: this one alone. Ctrl-click: one more."
                onClick={(event) => setOnly(picked(only, i, event.ctrlKey || event.metaKey))}
              >
                <i style={{ background: line.colour }} />
                <span>{line.name}</span>
                {at !== null && <b>{told(line.values[at], props.format)}</b>}
              </button>
            </li>
          ))}
          {props.lines.length > MOST_NAMED && <li class="more">and {props.lines.length - MOST_NAMED} more</li>}
        </ul>
      )}
    </div>
  );
}

/** Which series are seen alone after one was clicked: that one, or all again; `add` takes one more, or away. */
export function picked(only: Set<number>, index: number, add: boolean): Set<number> {
  const next = new Set(add ? only : []);
  if (only.has(index) && (add || only.size === 1)) next.delete(index);
  else next.add(index);
  return next;
}

/** What was dragged over, in ms; less is a click. */
export function selected(plot: uPlot, onSpan: (from: number, to: number) => void): void {
  const { left, width } = plot.select;
  if (width < 4) return;
  const [from, to] = [plot.posToVal(left, "x"), plot.posToVal(left + width, "x")];
  plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
  onSpan(Math.round(from * 1000), Math.round(to * 1000));
}

/** Plots of one group share where the pointer is, and nothing else: each of them would take a drag for one of its own. */
export function crosshair(group: string | undefined): uPlot.Cursor.Sync | undefined {
  if (!group) return undefined;
  return { key: group, scales: ["x", null], filters: { pub: (type) => type === "mousemove" || type === "mouseleave" } };
}

/** Where the pointer is: at which instant, and which line or event is closest. */
interface Pointer {
  index: number;
  left: number;
  top: number;
  width: number;
  nearest: number;
  dot?: Dot;
}

function pointed(plot: uPlot, props: Props, shown: (i: number) => boolean): Pointer | null {
  const { idx, left, top } = plot.cursor;
  if (idx === null || idx === undefined || (left ?? -1) < 0) return null;
  const here = plot.over.matches(":hover"); // elsewhere another plot of the group is pointed at
  let [nearest, least] = [-1, Infinity];
  props.lines.forEach((line, i) => {
    const value = plot.data[i + 1]?.[idx];
    if (!here || !shown(i) || value === null || value === undefined) return;
    const off = Math.abs(plot.valToPos(value, line.right ? "right" : "y") - top!);
    if (off < least) [nearest, least] = [i, off];
  });
  const near = (dot: Dot) => Math.abs(plot.valToPos(dot.at, "x") - left!) < 7 && Math.abs(plot.valToPos(dot.value, "y") - top!) < 7;
  return { index: idx, left: left!, top: top!, width: plot.over.clientWidth, nearest, dot: here ? props.dots?.find(near) : undefined };
}

function Tip({ pointer, props }: { pointer: Pointer; props: Props }) {
  const line = props.lines[pointer.nearest];
  if (!line && !pointer.dot) return null;
  const side = pointer.left > pointer.width / 2 ? { right: `${pointer.width - pointer.left + 24}px` } : { left: `${pointer.left + 70}px` };
  return (
    <div class="tip" style={{ ...side, top: `${Math.max(0, pointer.top - 20)}px` }}>
      <time>{momentText(props.times[pointer.index]! * 1000)}</time>
      {line && (
        <div>
          <i style={{ background: line.colour }} />
          <span>{line.name}</span>
          <b>{told(line.values[pointer.index], props.format)}</b>
        </div>
      )}
      {pointer.dot && <p style={{ borderColor: pointer.dot.colour }}>{pointer.dot.told}</p>}
    </div>
  );
}

function told(value: number | null | undefined, format: (value: number) => string = short): string {
  return value === null || value === undefined ? "" : format(value);
}

/** Of a stack the first line is the top: what is drawn after it lies below, over what the first has filled. */
function columns({ times, lines, stacked }: Props, shown: (i: number) => boolean): uPlot.AlignedData {
  if (!stacked) return [times, ...lines.map((line) => line.values)];
  const sums = new Float64Array(times.length);
  const stack = lines.toReversed().map((line, i) => {
    if (!shown(lines.length - 1 - i)) return line.values.map(() => null);
    return line.values.map((value, k) => (value === null ? null : (sums[k]! += value)));
  });
  return [times, ...stack.toReversed()];
}

/** Fills between neighbours of a stack, so that colours do not mix. */
function bands({ lines, stacked }: Props, shown: (i: number) => boolean): uPlot.Band[] {
  const all = lines.flatMap((line, i) => (stacked && shown(i) && !line.bars ? [i + 1] : []));
  return all.slice(1).map((below, i) => ({ series: [all[i]!, below] }));
}

function options(props: Props, holder: HTMLElement, shown: (i: number) => boolean, setPointer: (at: Pointer | null) => void): uPlot.Options {
  const right = props.lines.some((line) => line.right);
  const ink = token("ink-3");
  const grid = { stroke: token("line"), width: 1 };
  const axis = (scale: string, format: (value: number) => string, side: 1 | 3): uPlot.Axis => ({
    scale,
    side,
    stroke: ink,
    grid: side === 3 ? grid : { show: false },
    ticks: { show: false },
    font: "12px system-ui, sans-serif",
    ...((props.height ?? LOW) < LOW ? { space: 18 } : {}),
    values: (_, splits) => splits.map((value) => (value === null ? "" : format(value))),
    size: (_, values) => 14 + 7 * Math.max(4, ...(values ?? []).map((text) => text.length)),
  });
  const spread = (low: number | null, high: number | null): [number, number] => {
    const values = props.dots?.map((dot) => dot.value) ?? [];
    const [from, to] = uPlot.rangeNum(Math.min(low ?? 0, ...values), Math.max(high ?? 1, ...values), 0.1, true) as [number, number];
    return [props.min ?? (props.stacked ? Math.min(0, from) : from), props.max ?? to];
  };
  return {
    width: holder.clientWidth || 600,
    height: props.height ?? 240,
    legend: { show: false },
    cursor: {
      drag: { x: true, y: false, setScale: false },
      sync: crosshair(props.group),
      points: { size: 6 },
    },
    scales: {
      x: { time: true, range: [props.span[0] / 1000, props.span[1] / 1000] },
      y: props.log ? { distr: 3 } : { range: (_, low, high) => spread(low, high) },
      right: { range: (_, low, high) => spread(low, high) },
    },
    axes: [
      {
        stroke: ink,
        grid,
        ticks: { show: false },
        size: 34,
        gap: 4,
        space: 80,
        font: "12px system-ui, sans-serif",
        values: (_, splits) => timeTicks(splits),
      },
      axis("y", props.format ?? short, 3),
      ...(right ? [axis("right", props.formatRight ?? props.format ?? short, 1)] : []),
    ],
    series: [{}, ...props.lines.map((line, i) => look(line, shown(i), props))],
    bands: bands(props, shown),
    hooks: {
      setCursor: [(plot) => setPointer(pointed(plot, props, shown))],
      setSelect: [(plot) => selected(plot, (from, to) => props.onSpan?.(from, to))],
      draw: [(plot) => drawLevels(plot, props.levels ?? []), (plot) => drawDots(plot, props.dots ?? [])],
    },
  };
}

function look(line: Line, show: boolean, props: Props): uPlot.Series {
  const fill = line.fill ?? (props.stacked ? 25 : 0);
  return {
    show,
    label: line.name,
    scale: line.right ? "right" : "y",
    stroke: line.colour,
    width: line.bars ? 0 : (line.width ?? 1.25),
    dash: line.dash,
    fill: line.bars || fill ? alpha(line.colour, line.bars ? 1 : fill / 100) : undefined,
    paths: line.bars ? uPlot.paths.bars!({ size: [0.8, 40] }) : line.step ? uPlot.paths.stepped!({ align: 1 }) : undefined,
    points: { show: line.points ?? lonely(line.values), size: 4 },
    spanGaps: false,
  };
}

/** A value without neighbours would not be seen as a line. */
function lonely(values: (number | null)[]): boolean {
  return values.filter((value) => value !== null).length < 2;
}

export function timeTicks(splits: number[]): string[] {
  const step = (splits[1] ?? 0) - (splits[0] ?? 0);
  let day = "";
  return splits.map((second) => {
    const ms = second * 1000;
    const today = dateText(ms);
    const fresh = today !== day && day !== "";
    day = today;
    if (step >= 86_400) return today.slice(5);
    const clock = step < 60 ? timeText(ms) : timeText(ms).slice(0, 5);
    return fresh ? `${today.slice(5)}\n${clock}` : clock;
  });
}

function drawLevels(plot: uPlot, levels: Level[]): void {
  const { ctx, bbox } = plot;
  ctx.save();
  for (const level of levels) {
    const y = Math.round(plot.valToPos(level.value, "y", true)) + 0.5;
    if (!(y >= bbox.top && y <= bbox.top + bbox.height)) continue;
    ctx.strokeStyle = level.colour;
    ctx.setLineDash([6, 4]);
    ctx.beginPath();
    ctx.moveTo(bbox.left, y);
    ctx.lineTo(bbox.left + bbox.width, y);
    ctx.stroke();
  }
  ctx.restore();
}

/** Diamonds, so that they are told from points of lines. */
function drawDots(plot: uPlot, dots: Dot[]): void {
  const { ctx, bbox } = plot;
  const size = 4 * devicePixelRatio;
  ctx.save();
  for (const dot of dots) {
    const [x, y] = [plot.valToPos(dot.at, "x", true), plot.valToPos(dot.value, "y", true)];
    if (x < bbox.left || x > bbox.left + bbox.width || y < bbox.top || y > bbox.top + bbox.height) continue;
    ctx.fillStyle = dot.colour;
    ctx.strokeStyle = token("card");
    ctx.beginPath();
    for (const [dx, dy] of [[0, -size], [size, 0], [0, size], [-size, 0]]) ctx.lineTo(x + dx!, y + dy!);
    ctx.closePath();
    ctx.fill();
    ctx.stroke();
  }
  ctx.restore();
}
