import { type Listed, listed } from "./boards";
import { sent, whole } from "./api";
import { boardPath } from "./boardPath";

/** A dashboard as its file says it: any keys, of which the page knows some. */
export interface Model {
  uid?: string;
  title?: string;
  description?: string;
  tags?: string[];
  refresh?: string | false;
  time?: { from: string; to: string };
  panels?: PanelModel[];
  /** Where schemas before 16 have their panels. */
  rows?: { panels?: PanelModel[]; [key: string]: unknown }[];
  [key: string]: unknown;
}

export interface PanelModel {
  id?: number;
  type?: string;
  title?: string;
  description?: string;
  datasource?: unknown;
  gridPos?: { x: number; y: number; w: number; h: number };
  targets?: Target[];
  fieldConfig?: { defaults?: { unit?: string; custom?: Record<string, unknown>; [key: string]: unknown }; [key: string]: unknown };
  options?: Record<string, unknown>;
  panels?: PanelModel[];
  [key: string]: unknown;
}

export interface Target {
  refId?: string;
  expr?: string;
  legendFormat?: string;
  datasource?: unknown;
  [key: string]: unknown;
}

export interface Changed {
  kind: "+" | "-" | " ";
  text: string;
}

export interface Source {
  uid: string;
  name: string;
  type: string;
  isDefault: boolean;
  problem: string;
}

export interface Folder {
  uid: string;
  title: string;
  path: string;
}

/** What would be written: `uid` names the dashboard that is changed; without one a new file is made in the folder. */
export interface Change {
  uid?: string;
  dashboard: Model;
  folderUid?: string;
  revision: string;
}

export const sources = (signal: AbortSignal) => whole<Source[]>("/api/engine/sources", {}, signal);
export const folders = (signal: AbortSignal) => whole<Folder[]>("/api/engine/folders", {}, signal);
export const writable = (signal: AbortSignal) => listed(signal).then((all) => all.filter((one) => one.canSave && !one.problem));
export const sourceOf = (uid: string, signal: AbortSignal) =>
  whole<{ file: string; text: string; revision: string }>(`${boardPath(uid)}/source`, {}, signal);

export const difference = ({ uid, ...change }: Change) =>
  sent<{ lines: Changed[]; revision: string; file: string }>("POST", uid ? `${boardPath(uid)}/difference` : "/api/engine/dashboards/difference", change);

export const save = (change: Change) => sent<Listed & { revision: string; file: string }>("POST", "/api/engine/dashboards/save", change);

/** The dashboard in a file; some hold it under `dashboard`. */
export function modelOf(text: string): Model {
  const found = JSON.parse(text) as Model | null;
  if (typeof found !== "object" || found === null || Array.isArray(found)) throw new Error("want an object");
  return typeof found.dashboard === "object" && found.dashboard !== null && !found.panels ? (found.dashboard as Model) : found;
}

const HIGH = 8;

/** The dashboard with one more panel, below all others. */
export function withPanel(model: Model, panel: PanelModel): Model {
  const panels = model.panels ?? [];
  const all = [...panels, ...(model.rows ?? [])].flatMap((one) => [one as PanelModel, ...(one.panels ?? [])]);
  const id = Math.max(0, ...all.map((one) => one.id ?? 0)) + 1;
  if (inRows(model)) return { ...model, rows: [...model.rows!, { height: "250px", panels: [{ ...panel, id, span: 12 }] }] };
  const y = Math.max(0, ...panels.map((one) => (one.gridPos?.y ?? 0) + (one.gridPos?.h ?? 0)));
  const size = panel.gridPos ?? { w: 24, h: HIGH };
  return { ...model, panels: [...panels, { ...panel, id, gridPos: { x: 0, y, w: size.w, h: size.h } }] };
}

export const inRows = (model: Model): boolean => !model.panels && Boolean(model.rows?.length);

/** A panel for one query. */
export function panelOf(query: string, kind: string, title: string, source: Source | undefined, stacked = false): PanelModel {
  const datasource = source && { type: source.type, uid: source.uid };
  const instant = kind === "table";
  return {
    type: kind,
    title,
    datasource,
    targets: [{ refId: "A", datasource, expr: query, ...(source?.type === "loki" ? {} : { legendFormat: "__auto" }), ...(instant ? { format: "table", instant: true, range: false } : {}) }],
    fieldConfig: { defaults: stacked ? { custom: { stacking: { mode: "normal", group: "A" }, fillOpacity: 25 } } : {}, overrides: [] },
    options: kind === "logs" ? { showTime: true, wrapLogMessage: true, enableLogDetails: true, sortOrder: "Descending" } : {},
  };
}

export const fresh = (title: string): Model => ({ title, tags: [], timezone: "browser", schemaVersion: 38, version: 0, refresh: "", time: { from: "now-1h", to: "now" }, templating: { list: [] }, annotations: { list: [] }, panels: [] });
