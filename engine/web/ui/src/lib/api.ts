import { base } from "./about";
import { early } from "./early";

export type Params = Record<string, string | number | boolean | string[] | undefined>;

/** What a server said against a request. */
export class Refused extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

/** Told of an answer that wants to know who asks; its detail is the engine's words. */
export const UNKNOWN = "engine:unknown";

export function address(path: string, params: Params = {}): string {
  const query = encoded(params).toString();
  return base + path + (query ? `?${query}` : "");
}

function encoded(params: Params): URLSearchParams {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(params)) {
    for (const one of Array.isArray(value) ? value : [value]) {
      if (one !== undefined) query.append(name, String(one));
    }
  }
  return query;
}

/** The `data` of an answer in Prometheus's envelope. */
export async function get<T>(path: string, params: Params = {}, signal?: AbortSignal): Promise<T> {
  return (await whole<{ data: T }>(path, params, signal)).data;
}

/** The same by a form, for long queries. */
export async function ask<T>(path: string, params: Params, signal?: AbortSignal): Promise<T> {
  return (await asked<T>(path, params, signal)).data;
}

/** An answer, and what is missing in it or to be known about it. */
export interface Remarked<T> {
  data: T;
  warnings?: string[];
  infos?: string[];
}

export function asked<T>(path: string, params: Params, signal?: AbortSignal): Promise<Remarked<T>> {
  return sent<Remarked<T>>("POST", path, encoded(params), signal);
}

export function whole<T>(path: string, params: Params = {}, signal?: AbortSignal): Promise<T> {
  const url = address(path, params);
  return received<T>(early(url) ?? fetch(url, { signal }));
}

export function sent<T>(method: string, path: string, body?: BodyInit | object, signal?: AbortSignal): Promise<T> {
  const raw = body === undefined || typeof body === "string" || body instanceof URLSearchParams;
  const headers: HeadersInit = raw ? {} : { "Content-Type": "application/json" };
  const text = raw ? (body as BodyInit | undefined) : JSON.stringify(body);
  return received<T>(fetch(base + path, { method, body: text, headers, signal }));
}

async function received<T>(asked: Promise<Response>): Promise<T> {
  let answer: Response;
  try {
    answer = await asked;
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new Refused(0, "The engine does not answer. Is it still running?");
  }
  const text = await answer.text();
  const found = parsed(text);
  if (answer.ok) return found as T;
  if (answer.status === 401 && answer.url.includes("/api/engine/")) dispatchEvent(new CustomEvent(UNKNOWN, { detail: words(found) ?? "Unauthorized" }));
  throw new Refused(answer.status, words(found) ?? (text.trim() || `${answer.status} ${answer.statusText}`));
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function words(found: unknown): string | undefined {
  if (typeof found === "string") return found.trim() || undefined;
  const told = found as { error?: string; message?: string } | null;
  return told?.error ?? told?.message;
}
