import { get, whole } from "./api";
import type { Labels } from "./labels";

/** What rules say. */
export interface RuleAlert {
  labels: Labels;
  annotations: Labels;
  state: "firing" | "pending" | "inactive";
  activeAt: string;
  value: string;
}

export interface Rule {
  type: "alerting" | "recording";
  name: string;
  query: string;
  state?: "firing" | "pending" | "inactive";
  duration?: number;
  labels?: Labels;
  annotations?: Labels;
  alerts?: RuleAlert[];
  health: string;
  lastError?: string;
  evaluationTime: number;
  lastEvaluation: string;
}

export interface Group {
  /** Its rules are asked of lines. */
  lines?: boolean;
  name: string;
  file: string;
  interval: number;
  rules: Rule[];
  evaluationTime: number;
  lastEvaluation: string;
}

export const groups = (signal: AbortSignal) => get<{ groups: Group[] }>("/api/v1/rules", {}, signal).then((d) => d.groups);

/** Those of rules over lines. */
export const lineGroups = (signal: AbortSignal) =>
  get<{ groups: Group[] }>("/prometheus/api/v1/rules", {}, signal).then((d) => d.groups.map((group) => ({ ...group, lines: true })));

/** What the Alertmanager makes of it. */
export interface Managed {
  fingerprint: string;
  labels: Labels;
  annotations: Labels;
  startsAt: string;
  endsAt: string;
  updatedAt: string;
  generatorURL?: string;
  receivers: { name: string }[];
  status: { state: "active" | "suppressed" | "unprocessed"; silencedBy: string[]; inhibitedBy: string[] };
}

/** The alerts of the Alertmanager of this process that match; none where there is none. */
export const managed = (signal: AbortSignal, matchers: Matcher[] = []) =>
  whole<Managed[]>("/api/v2/alerts", { filter: matchers.map(matcherText) }, signal).catch(() => [] as Managed[]);

export interface Step {
  first: string;
  last: string;
  count: number;
  what: string;
  why: string;
  receiver?: string;
  groupKey?: string;
  integration?: string;
}

export interface Trail {
  fingerprint: string;
  labels: Labels;
  state: string;
  inhibitedBy: string[];
  silencedBy: string[];
  next: { receiver: string; groupKey: string; turn: string; told: { integration: string; at: string; again: string }[] }[];
  steps: Step[];
}

export const trail = (fingerprint: string, signal: AbortSignal) => whole<Trail>(`/api/v2/alerts/${fingerprint}/trail`, {}, signal);

export interface Matcher {
  name: string;
  value: string;
  isRegex: boolean;
  isEqual?: boolean;
}

export interface Silence {
  id: string;
  matchers: Matcher[];
  startsAt: string;
  endsAt: string;
  updatedAt: string;
  createdBy: string;
  comment: string;
  status: { state: "active" | "pending" | "expired" };
}

export const silences = (signal: AbortSignal) => whole<Silence[]>("/api/v2/silences", {}, signal);

export function matcherText({ name, value, isRegex, isEqual }: Matcher): string {
  const sign = isRegex ? (isEqual === false ? "!~" : "=~") : isEqual === false ? "!=" : "=";
  return `${/[\s{}!=~,\\"'`]/.test(name) ? quoted(name) : name}${sign}${quoted(value)}`;
}

/** `{a="b", c=~"d"}`, as `matchersOf` reads it. */
export function silenceText(matchers: Matcher[]): string {
  return `{${matchers.map(matcherText).join(", ")}}`;
}

/** What matches such labels. */
export function matching(labels: Labels): Matcher[] {
  return Object.entries(labels).map(([name, value]) => ({ name, value, isRegex: false }));
}

/** `severity=~"page|critical"`; undefined where it is none. */
function matcherOf(text: string): Matcher | undefined {
  const found = /^\s*(?:"((?:[^"\\]|\\.)+)"|([^"=!~{}\s,]+))\s*(=~|!~|!=|=)\s*(?:"((?:[^"\\]|\\.)*)"|([^"\s,]*))\s*$/.exec(text);
  if (!found) return undefined;
  const [, name, plainName, sign, value, plainValue] = found;
  return {
    name: name === undefined ? plainName! : unquoted(name),
    value: value === undefined ? plainValue! : unquoted(value),
    isRegex: sign!.endsWith("~"),
    isEqual: !sign!.startsWith("!"),
  };
}

function quoted(text: string): string {
  return `"${text.replace(/[\\"]/g, "\\$&").replace(/\n/g, "\\n")}"`;
}

/** As Alertmanager does: a backslash before anything else stays, so that a pattern need not be escaped. */
function unquoted(text: string): string {
  return text.replace(/\\([n"\\])/g, (_, c) => (c === "n" ? "\n" : c));
}

/** Splits `{a="b", c=~"d"}` at its commas outside of quotes. */
export function matchersOf(text: string): Matcher[] | undefined {
  const inner = text.trim().replace(/^\{|\}$/g, "");
  const parts = inner.match(/(?:[^,"]|"(?:[^"\\]|\\.)*")+/g) ?? [];
  const all = parts.filter((part) => part.trim()).map(matcherOf);
  return all.every((one) => one !== undefined) ? (all as Matcher[]) : undefined;
}

export function sameLabels(a: Labels, b: Labels): boolean {
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name]);
}
