import { matchersText } from "./labels";
import { type Matcher, matchersOf } from "./alerts";

/** Pages of Prometheus that are parts of one here. */
const TABS: Record<string, string> = { "/config": "config", "/flags": "flags", "/tsdb-status": "store" };

/** Where addresses of the originals lead here; undefined where they are ours already. */
export function led(path: string, params: URLSearchParams, hash: string): string | undefined {
  if (hash.startsWith("#/")) return ofAlertmanager(hash.slice(1));
  if (path === "/explore") return ofExplore(params);
  if (path === "/query") return `/graph?${params}`;
  if (path in TABS) return `/status?tab=${TABS[path]}`;
  return params.has("search") ? `${path}?q=${encodeURIComponent(params.get("search")!)}` : undefined;
}

/** The Alertmanager has its paths behind a hash. */
function ofAlertmanager(hash: string): string {
  const [path, query] = [hash.split("?")[0]!, hash.split("?")[1] ?? ""];
  const params = new URLSearchParams(query);
  const one = /^\/silences\/([\w-]+)/.exec(path)?.[1];
  if (one === "new") return `/silences?new=${encodeURIComponent(params.get("filter") ?? "")}`;
  if (one) return `/silences?q=${one}`;
  if (path === "/status") return "/routes";
  return path + (query ? `?${query}` : "");
}

interface Pane {
  datasource?: string | { type?: string };
  queries?: { expr?: string; query?: string; datasource?: { type?: string } | string }[];
  range?: { from?: string; to?: string };
}

/** Grafana's Explore: `left` as an object or as a list, or `panes`; what it asks says whether it is of logs. */
function ofExplore(params: URLSearchParams): string {
  const pane = paneOf(params);
  const range = new URLSearchParams();
  if (pane?.range?.from) range.set("from", pane.range.from);
  if (pane?.range?.to) range.set("to", pane.range.to);
  const queries = (pane?.queries ?? []).filter((one) => one.expr ?? one.query);
  const told = JSON.stringify([pane?.datasource, queries.map((one) => one.datasource)]);
  const first = queries[0]?.expr ?? queries[0]?.query ?? "";
  if (/loki/i.test(told) || isOfLogs(first)) {
    if (first) range.set("q", first);
    return `/logs?${range}`;
  }
  queries.forEach((one, i) => range.set(`g${i}.expr`, one.expr ?? one.query ?? ""));
  return queries.length ? `/graph?${range}` : `/logs${range.size ? `?${range}` : ""}`;
}

/** Only a query of logs has a filter of lines or a parser behind its braces, or nothing before them. */
const isOfLogs = (text: string) => /\}\s*(\|=|\|~|!=\s*"|!~|\|)/.test(text) || /^\s*\{(?![^}]*__name__)/.test(text);

function paneOf(params: URLSearchParams): Pane | undefined {
  const text = params.get("left") ?? params.get("panes");
  try {
    const found = JSON.parse(text ?? "null") as Pane | unknown[] | Record<string, Pane> | null;
    if (Array.isArray(found)) return { range: { from: String(found[0]), to: String(found[1]) }, datasource: String(found[2]), queries: found.slice(3) as Pane["queries"] };
    return params.has("left") ? (found as Pane) : Object.values((found ?? {}) as Record<string, Pane>)[0];
  } catch {
    return undefined;
  }
}

/** What an alert or a silence is looked for by: matchers in braces, else any part of its text. */
export function fitting(text: string): (labels: Record<string, string>, told: string) => boolean {
  const matchers = text.trim().startsWith("{") ? matchersOf(text) : undefined;
  if (!matchers) return (labels, told) => `${matchersText(labels)} ${told}`.toLowerCase().includes(text.trim().toLowerCase());
  return (labels) => matchers.every((one) => fits(one, labels[one.name] ?? ""));
}

function fits({ value, isRegex, isEqual }: Matcher, label: string): boolean {
  if (!isRegex) return (label === value) === (isEqual !== false);
  try {
    return new RegExp(`^(?:${value})$`).test(label) === (isEqual !== false);
  } catch {
    return false;
  }
}
