import type { Drawn, Link } from "../lib/boards";
import { inkOn, legible } from "../lib/colours";
import { Away } from "../parts/Away";
import { breadth } from "./canvas";
import type { PanelProps } from "./kinds";

interface Value {
  name: string;
  value: number | null;
  text: string;
  prefix: string;
  suffix: string;
  color: string;
  fill: number | null;
  steps: { value: number | null; color: string; at: number }[];
  min: number | null;
  max: number | null;
  link: Link | null;
  spark: { times: number[]; values: (number | null)[]; min: number; max: number } | null;
}

interface Values extends Drawn {
  values: Value[];
  options: {
    orientation: string;
    colorMode: string;
    graphMode: string;
    textMode: string;
    justify: string;
    valueSize: number | null;
    titleSize: number | null;
    displayMode: string;
    labels: boolean;
    markers: boolean;
    unfilled: boolean;
  };
}

const figureOf = (one: Value) => one.prefix + one.text + one.suffix;
const figureBreadth = (one: Value) => breadth(one.text, 600) + 0.6 * breadth(one.prefix + one.suffix, 600);

/** What a value has to its left and right. */
const MARGIN = 24;
const SMALLEST = 9;
/** Pixels in which a value and its line have room above each other. */
const ROOM_FOR_BOTH = 64;

/** One size for all of them, at which the widest fits. */
function fitting(breadths: number[], width: number, height: number, most: number): number {
  return Math.max(SMALLEST, Math.min(width / Math.max(0.1, ...breadths), height, most));
}

/** How many stand beside each other so that each has as much room as can be. */
function columns(count: number, width: number, height: number, orientation: string): number {
  if (orientation === "vertical") return count;
  if (orientation === "horizontal") return 1;
  let best = 1;
  for (let n = 1; n <= count; n += 1) {
    const room = (across: number) => Math.min(width / across / 1.8, height / Math.ceil(count / across));
    if (room(n) > room(best)) best = n;
  }
  return best;
}

export function Stat({ drawn, width, height }: PanelProps) {
  const { values, options } = drawn as Values;
  const across = columns(values.length, width, height, options.orientation === "auto" ? "" : options.orientation === "vertical" ? "horizontal" : "vertical");
  const rows = Math.ceil(values.length / across);
  const [w, h] = [width / across, height / rows];
  const named = options.textMode === "value_and_name" || (options.textMode === "auto" && values.length > 1);
  const alone = options.textMode === "name";
  const room = w - MARGIN;
  const drawsArea = options.graphMode === "area" && values.some((one) => one.spark);
  const beneath = drawsArea && h >= ROOM_FOR_BOTH ? Math.floor(h * 0.36) : 0;
  const figure = options.valueSize ?? fitting(values.map((one) => (alone ? breadth(one.name, 600) : figureBreadth(one))), room, (h - beneath) * (named ? 0.42 : beneath ? 0.75 : 0.55), 72);
  const title = options.titleSize ?? fitting(values.map((one) => breadth(one.name)), room, h * 0.3, 14);
  return (
    <div class="values" style={{ gridTemplateColumns: `repeat(${across}, 1fr)` }}>
      {values.map((one, i) => {
        const solid = options.colorMode.startsWith("background");
        return (
          <div key={i} class={`stat ${solid ? "solid" : ""} ${options.justify === "center" || values.length === 1 ? "middle" : ""}`} style={{ paddingBottom: `${beneath}px`, ...(solid ? { background: one.color, color: inkOn(one.color) } : {}) }}>
            {one.spark && drawsArea && <Spark height={beneath} spark={one.spark} colour={solid ? inkOn(one.color) : one.color} />}
            {named && <span class="name" title={one.name} style={{ fontSize: `${title}px` }}>{one.name}</span>}
            {options.textMode !== "none" && (
              <Linked one={one}>
                <b style={{ fontSize: `${figure}px`, color: solid || options.colorMode === "none" ? undefined : one.color }}>
                  {!alone && one.prefix && <small style={{ fontSize: "0.6em" }}>{one.prefix}</small>}
                  {alone ? one.name : one.text}
                  {!alone && one.suffix && <small style={{ fontSize: "0.6em" }}>{one.suffix}</small>}
                </b>
              </Linked>
            )}
          </div>
        );
      })}
    </div>
  );
}

function Linked({ one, children }: { one: Value; children: preact.ComponentChildren }) {
  return one.link ? <Away link={one.link}>{children}</Away> : <>{children}</>;
}

/** `height` 0 leaves it behind the value. */
function Spark({ spark, colour, height }: { spark: NonNullable<Value["spark"]>; colour: string; height: number }) {
  const [first, last] = [spark.times[0]!, spark.times.at(-1)!];
  const x = (t: number) => (100 * (t - first)) / (last - first || 1);
  const y = (v: number) => 30 - (28 * (v - spark.min)) / (spark.max - spark.min || 1);
  const points = spark.times.flatMap((t, i) => (spark.values[i] === null || spark.values[i] === undefined ? [] : [`${x(t).toFixed(2)},${y(spark.values[i]!).toFixed(2)}`]));
  if (points.length < 2) return null;
  return (
    <svg class="spark" style={height ? { height: `${height}px` } : {}} viewBox="0 0 100 30" preserveAspectRatio="none" aria-hidden="true">
      <polygon points={`${points[0]!.split(",")[0]},30 ${points.join(" ")} ${points.at(-1)!.split(",")[0]},30`} fill={colour} opacity="0.16" />
      <polyline points={points.join(" ")} fill="none" stroke={colour} stroke-width="1.2" vector-effect="non-scaling-stroke" />
    </svg>
  );
}

const arc = (from: number, to: number, r: number): string => {
  const at = (part: number): [number, number] => {
    const angle = Math.PI * (1.25 * (2 * part - 1)) * 0.5 - Math.PI / 2;
    return [50 + r * Math.cos(angle), 50 + r * Math.sin(angle)];
  };
  const [[x1, y1], [x2, y2]] = [at(from), at(to)];
  return `M${x1.toFixed(3)} ${y1.toFixed(3)} A${r} ${r} 0 ${(to - from) * 1.25 > 1 ? 1 : 0} 1 ${x2.toFixed(3)} ${y2.toFixed(3)}`;
};

export function Gauge({ drawn, width, height }: PanelProps) {
  const { values, options } = drawn as Values;
  const across = columns(values.length, width, height, "");
  return (
    <div class="values" style={{ gridTemplateColumns: `repeat(${across}, 1fr)` }}>
      {values.map((one, i) => {
        const text = figureOf(one);
        return (
          <figure key={i} class="gauge">
            <svg viewBox="6 6 88 70" role="img" aria-label={`${one.name}: ${text}`}>
              <path d={arc(0, 1, 36)} class="ground" stroke-width="9" fill="none" />
              {one.fill !== null && one.fill > 0 && <path d={arc(0, Math.min(1, one.fill), 36)} stroke={one.color} stroke-width="9" fill="none" />}
              {options.markers !== false && one.steps.map((step, k) => {
                const end = one.steps[k + 1]?.at ?? 1;
                return end > step.at && <path key={k} d={arc(Math.max(0, step.at), Math.min(1, end), 42.5)} stroke={step.color} stroke-width="1.8" fill="none" />;
              })}
              <text x="50" y="54" text-anchor="middle" font-size={Math.min(15, 90 / Math.max(4, text.length))} font-weight="600" fill={one.color}>{text}</text>
            </svg>
            {(values.length > 1 || options.labels) && <figcaption>{one.name}</figcaption>}
          </figure>
        );
      })}
    </div>
  );
}

/** From the colours of the thresholds below the value to the value's own. */
function gradient(one: Value, upright: boolean): string {
  const fill = one.fill || 1;
  const stops = one.steps.filter((step) => step.at < fill).map((step) => `${step.color} ${(100 * step.at) / fill}%`);
  return stops.length > 1 ? `linear-gradient(${upright ? "0deg" : "90deg"}, ${stops.join(", ")}, ${one.color} 100%)` : one.color;
}

export function BarGauge({ drawn }: PanelProps) {
  const { values, options } = drawn as Values;
  const upright = options.orientation === "vertical";
  const widest = (text: (one: Value) => string, size: number, weight: number) => Math.ceil(size * Math.max(0, ...values.map((one) => breadth(text(one), weight))));
  const room = { "--names": `min(45%, ${widest((one) => one.name, 14, 400) + 2}px)`, "--texts": `${widest(figureOf, options.valueSize ?? 14, 700) + 2}px` };
  return (
    <div class={`bargauge ${upright ? "upright" : ""}`} style={room} tabIndex={0}>
      {values.map((one, i) => {
        const part = `${100 * Math.max(0, Math.min(1, one.fill ?? 0))}%`;
        return (
          <div key={i} class="row">
            <span class="name" title={one.name}>{one.name}</span>
            <span class={`track-bar ${options.displayMode} ${options.unfilled ? "" : "bare"}`} role="meter" aria-label={one.name} aria-valuenow={one.value ?? 0} aria-valuemin={one.min ?? 0} aria-valuemax={one.max ?? 100}>
              <i style={{ background: options.displayMode === "gradient" ? gradient(one, upright) : one.color, [upright ? "height" : "width"]: part }} />
            </span>
            <Linked one={one}><b style={{ color: legible(one.color), fontSize: options.valueSize ? `${options.valueSize}px` : undefined }}>{figureOf(one)}</b></Linked>
          </div>
        );
      })}
    </div>
  );
}
