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

interface Stream {
  stream: Labels;
  values: [string, string][];
}

export type Answer =
  | { resultType: "streams"; result: Stream[] }
  | { resultType: "matrix"; result: { metric: Labels; values: [number, string][] }[] }
  | { resultType: "vector"; result: { metric: Labels; value: [number, string] }[] };

export async function logs(query: string, from: number, to: number, limit: number, direction: string, signal?: AbortSignal, step?: number): Promise<Answer> {
  const params = { query, start: `${Math.round(from)}000000`, end: `${Math.round(to)}000000`, limit, direction, step };
  return (await whole<{ data: Answer }>("/loki/api/v1/query_range", params, signal)).data;
}

export function linesOf(result: Stream[], newestFirst: boolean): LogLine[] {
  const all = result.flatMap(({ stream, values }) => values.map(([ns, text]) => ({ ns, ms: Number(ns.slice(0, -6)), labels: stream, text })));
  const sign = newestFirst ? -1 : 1;
  return all.sort((a, b) => sign * (a.ns.length - b.ns.length || (a.ns < b.ns ? -1 : a.ns > b.ns ? 1 : 0)));
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
