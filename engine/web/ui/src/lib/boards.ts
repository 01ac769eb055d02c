import { sent, whole } from "./api";
import { boardPath } from "./boardPath";
import type { Labels } from "./labels";
import { momentText } from "./time";

/** What `engine/dashboards/draw` gives; its docstring says what each part means. */

export interface Listed {
  uid: string;
  title: string;
  url: string;
  folder: string;
  tags: string[];
  canSave: boolean;
  problem: string;
}

export interface Option {
  text: string;
  value: string;
}

/** Of an ad hoc variable. */
export interface Filter {
  key: string;
  operator: string;
  value: string;
}

export interface Variable {
  name: string;
  label: string;
  kind: string;
  hidden: 0 | 1 | 2;
  multi: boolean;
  all: boolean;
  value: string[];
  text: string;
  isAll: boolean;
  options: Option[];
  filters: Filter[];
  problem: string;
}

export interface Link {
  title: string;
  url: string;
  newTab?: boolean;
}

export interface BoardLink extends Link {
  kind: "link" | "dashboards";
  tags: string[];
  keepTime: boolean;
  keepVariables: boolean;
  tooltip: string;
  asDropdown: boolean;
}

export interface PanelHead {
  key: string;
  id: number;
  kind: string;
  type: string;
  title: string;
  description: string;
  x: number;
  y: number;
  w: number;
  h: number;
  transparent: boolean;
  scope: Record<string, string>;
  links: Link[];
  timeInfo: string;
  notes: string[];
  collapsed?: boolean;
  panels?: PanelHead[];
}

export interface Board {
  uid: string;
  title: string;
  description: string;
  tags: string[];
  folder: string;
  version: number;
  canSave: boolean;
  from: string;
  to: string;
  refresh: string;
  intervals: string[];
  crosshair: 0 | 1 | 2;
  links: BoardLink[];
  variables: Variable[];
  annotations: { name: string; color: string; enabled: boolean; hidden: boolean }[];
  panels: PanelHead[];
  notes: string[];
}

export interface Format {
  unit: string;
  decimals: number | null;
  prefix: string;
  suffix: string;
  kind: "scaled" | "plain" | "locale" | "scientific" | "time" | "texts";
  steps?: [number, string, string][];
  offset?: number;
  factor?: number;
  mappings?: Mapping[];
  pattern?: string;
  noValue?: string;
}

interface Mapping {
  value?: string | number;
  from?: number | null;
  to?: number | null;
  pattern?: string;
  special?: string;
  text: string;
  color: string | null;
}

export interface Drawn {
  kind: string;
  title: string;
  from: number;
  to: number;
  step: number;
  queries: { refId: string; query: string; source: string; problem: string; seconds: number; step: number }[];
  problem: string;
  notes: string[];
  formats: Format[];
  links: Link[];
}

export interface Asking {
  dashboard: string;
  panel: number;
  scope: Record<string, string>;
  from: string;
  to: string;
  variables: Record<string, string[]>;
  width: number;
  timezone: string;
  adhoc: Record<string, Filter[]>;
  frame?: number;
  /** A dashboard and a panel that are not in the file yet. */
  board?: object;
  model?: object;
}

export const listed = (signal: AbortSignal) => whole<Listed[]>("/api/engine/dashboards", {}, signal);

export const board = (uid: string, params: Record<string, string | string[]>, signal: AbortSignal) =>
  whole<Board>(boardPath(uid), params, signal);

export const drawn = (asking: Asking, signal: AbortSignal) => sent<Drawn>("POST", "/api/engine/panel", asking, signal);

export interface Annotation {
  name: string;
  color: string;
  time: number;
  timeEnd: number | null;
  title: string;
  text: string;
  tags: string[];
}

export const annotations = (uid: string, params: Record<string, string | string[]>, signal: AbortSignal) =>
  whole<Annotation[]>(`${boardPath(uid)}/annotations`, params, signal);

/** A number as the server would write it; `brief`, on an axis, without zeros at its end. */
export function written(format: Format | undefined, value: number | null, brief = false): string {
  if (!format) return value === null ? "" : String(Number(value.toPrecision(6)));
  const mapped = (format.mappings ?? []).find((one) => fits(one, value));
  if (mapped) return mapped.text;
  if (value === null) return format.noValue ?? "";
  const moved = value * (format.factor ?? 1) + (format.offset ?? 0);
  if (format.kind === "time") return momentText(moved);
  if (format.kind === "locale") return format.prefix + moved.toLocaleString() + format.suffix;
  if (format.kind === "scientific") return format.prefix + moved.toExponential(format.decimals ?? 2) + format.suffix;
  const [factor, before, after] = step(format.steps, Math.abs(moved));
  return format.prefix + before + digits(moved / factor, format.decimals, brief) + after + format.suffix;
}

function fits(one: Mapping, value: number | null): boolean {
  if (one.special !== undefined) return one.special.includes("null") && value === null;
  if (value === null) return false;
  if (one.from !== undefined || one.to !== undefined) return value >= (one.from ?? -Infinity) && value <= (one.to ?? Infinity);
  if (one.value !== undefined) return Number(one.value) === value;
  return one.pattern !== undefined && safely(one.pattern, String(value));
}

function safely(pattern: string, text: string): boolean {
  try {
    return new RegExp(pattern).test(text);
  } catch {
    return false;
  }
}

function step(steps: Format["steps"], size: number): [number, string, string] {
  const all = steps ?? [];
  return all.findLast(([factor]) => factor <= size) ?? all[0] ?? [1, "", ""];
}

function digits(value: number, decimals: number | null, brief: boolean): string {
  if (decimals !== null) return value.toFixed(Math.min(Math.max(decimals, 0), 20));
  if (Number.isInteger(value)) return String(value);
  let places = 1 - Math.floor(Math.log10(Math.abs(value)));
  if (Math.abs(value) * 10 ** places > 2.25) places += 1;
  const text = value.toFixed(Math.max(0, Math.min(20, places)));
  return brief ? String(Number(text)) : text;
}

export interface TimeSeries extends Drawn {
  times: number[];
  series: SeriesDrawn[];
  axes: Axis[];
  legend: Legend;
  tooltip: { mode: string; sort: string };
  thresholds: { style: string; steps: { value: number | null; color: string }[] };
}

export interface SeriesDrawn {
  name: string;
  refId: string;
  labels: Labels;
  values: (number | null)[];
  axis: number;
  format: number;
  color: string;
  hidden: boolean;
  style: "line" | "bars" | "points";
  width: number;
  fill: number;
  gradient: string;
  points: "auto" | "always" | "never";
  pointSize: number;
  shape: "linear" | "smooth" | "stepBefore" | "stepAfter";
  dash: number[];
  spanNulls: boolean | number;
  stack: string;
  percent: boolean;
  negate: boolean;
  fillBelow: string;
  legend: { calc: string; text: string; value: number | null }[];
  inLegend: boolean;
  inTooltip: boolean;
}

export interface Axis {
  side: "left" | "right" | "none";
  label: string;
  format: number;
  min: number | null;
  max: number | null;
  softMin: number | null;
  softMax: number | null;
  log: 0 | 2 | 10;
  center: boolean;
  grid: boolean;
  width: number | null;
}

export interface Legend {
  show: boolean;
  mode: "list" | "table";
  placement: "bottom" | "right";
  sortBy: string;
  sortDesc: boolean;
}

