import { base } from "./about";
import { whole } from "./api";
import type { Labels } from "./labels";

/** A line: its time in ns as text (a number of JavaScript can't hold it), its labels, its text. */
export interface LogLine {
  ns: string;
  ms: number;
  labels: Labels;
  text: string;
}

export interface Stream {
  stream: Labels;
  values: [string, string][];
}

export type Answer =
  | { resultType: "streams"; result: Stream[] }
  | { resultType: "matrix"; result: { metric: Labels; values: [number, string][] }[] }
  | { resultType: "vector"; result: { metric: Labels; value: [number, string] }[] };

/** Instants are ms, or ns as text. */
export async function logs(query: string, from: number | string, to: number | string, limit: number, direction: string, signal?: AbortSignal, step?: number): Promise<Answer> {
  const params = { query, start: ns(from), end: ns(to), limit, direction, step };
  return (await whole<{ data: Answer }>("/loki/api/v1/query_range", params, signal)).data;
}

export function linesOf(result: Stream[], newestFirst: boolean): LogLine[] {
  const all = result.flatMap(({ stream, values }) => values.map(([ns, text]) => ({ ns, ms: Number(ns.slice(0, -6)), labels: stream, text })));
  const sign = newestFirst ? -1 : 1;
  return all.sort((a, b) => sign * (a.ns.length - b.ns.length || (a.ns < b.ns ? -1 : a.ns > b.ns ? 1 : 0)));
}

const ns = (at: number | string) => (typeof at === "string" ? at : `${Math.round(at)}000000`);

/** The label sets that have lines in a span, in ms. */
export const streams = (from: number, to: number, signal: AbortSignal) =>
  whole<{ data: Labels[] }>("/loki/api/v1/series", { start: ns(from), end: ns(to) }, signal).then((d) => d.data ?? []);

/** Names of the labels that streams have; a line may have others, which parsers have set. */
export const streamLabels = (from: number, to: number, signal: AbortSignal) =>
  whole<{ data?: string[] }>("/loki/api/v1/labels", { start: ns(from), end: ns(to) }, signal).then((d) => new Set(d.data ?? []));

/** So many lines before or after an instant in ns; `forward` includes those at the instant. */
export async function near(query: string, at: string, forward: boolean, count: number, signal: AbortSignal): Promise<LogLine[]> {
  const hour = 3_600_000_000_000n;
  const [start, end] = forward ? [BigInt(at), BigInt(at) + hour] : [BigInt(at) - hour, BigInt(at)];
  const params = { query, start: String(start), end: String(end), limit: count, direction: forward ? "forward" : "backward" };
  const answer = (await whole<{ data: Answer }>("/loki/api/v1/query_range", params, signal)).data;
  return answer.resultType === "streams" ? linesOf(answer.result, false) : [];
}

/** Lines as they come, until the socket is closed by `stop`. */
export function follow(query: string, onLines: (lines: LogLine[]) => void, onEnd: (why: string) => void): () => void {
  const url = new URL(`${base}/loki/api/v1/tail`, location.href);
  url.protocol = url.protocol.replace("http", "ws");
  url.search = new URLSearchParams({ query, limit: "100" }).toString();
  const socket = new WebSocket(url);
  let asked = false;
  socket.onmessage = (event) => onLines(linesOf((JSON.parse(event.data as string) as { streams: Stream[] | null }).streams ?? [], true));
  socket.onclose = (event) => asked || onEnd(event.reason || "the engine closed the connection");
  return () => {
    asked = true;
    socket.close();
  };
}

const LEVELS: [RegExp, string][] = [
  [/\b(fatal|critical|crit|panic|emerg)\b/i, "critical"],
  [/\b(error|err|exception|traceback)\b/i, "error"],
  [/\b(warn|warning)\b/i, "warn"],
  [/\b(info|notice)\b/i, "info"],
  [/\b(debug|trace)\b/i, "debug"],
];

/** A line's level: what its labels say, else the first word that is one. */
export function levelOf(line: LogLine): string {
  const said = line.labels.level ?? line.labels.detected_level ?? line.labels.severity;
  const where = said ?? line.text.slice(0, 400);
  return LEVELS.find(([pattern]) => pattern.test(where))?.[1] ?? "";
}
