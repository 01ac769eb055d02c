/** Where a dashboard is asked for. */
export const boardPath = (uid: string) => `/api/engine/dashboards/${encodeURIComponent(uid)}`;

export function uidOf(path: string): string {
  const written = path.split("/")[2] ?? "";
  try {
    return decodeURIComponent(written);
  } catch {
    return written; // no dashboard has it, and that is told
  }
}

/** The span and the variables in the address, as a dashboard is asked with them. */
export function questionOf(params: URLSearchParams): Record<string, string | string[]> {
  const from = params.get("from");
  const found: Record<string, string | string[]> = from ? { from, to: params.get("to") ?? "now" } : {};
  for (const name of new Set(params.keys())) if (name.startsWith("var-")) found[name] = params.getAll(name);
  return found;
}
