import { matchersText } from "./labels";

/** The braces at the beginning of a query of lines, and what is behind them. */
function parts(query: string): [string, string] | undefined {
  const found = /^\s*(\{(?:[^"`}]|"(?:[^"\\]|\\.)*"|`[^`]*`)*\})(.*)$/s.exec(query);
  return found ? [found[1]!, found[2]!] : undefined;
}

/** The query with one more condition: among the braces for a label of streams, else behind everything. */
export function narrowed(query: string, name: string, value: string, equal: boolean, ofStream: boolean): string {
  const sign = equal ? "=" : "!=";
  const told = `${name}${sign}${JSON.stringify(value)}`;
  const found = parts(query);
  if (!found || !ofStream) return `${query.trim()} | ${told}`;
  const inner = found[0].slice(1, -1).trim();
  return `{${inner ? `${inner}, ` : ""}${told}}${found[1]}`;
}

export function withText(query: string, text: string, sign: "|=" | "!="): string {
  const found = parts(query);
  return found ? `${found[0]} ${sign} ${JSON.stringify(text)}${found[1]}` : query;
}

/** What the filters of a query look for, so that it can be marked in the lines. */
export function sought(query: string): RegExp | undefined {
  const rest = parts(query)?.[1] ?? "";
  const patterns: string[] = [];
  for (const [, sign, quoted, raw] of rest.matchAll(/(\|=|\|~)\s*(?:"((?:[^"\\]|\\.)*)"|`([^`]*)`)/g)) {
    const text = raw ?? unescaped(quoted!);
    if (text) patterns.push(sign === "|=" ? text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&") : text);
  }
  if (!patterns.length) return undefined;
  const folded = patterns.some((one) => one.startsWith("(?i)"));
  try {
    return new RegExp(`(${patterns.map((one) => one.replace(/^\(\?i\)/, "")).join("|")})`, folded ? "gi" : "g");
  } catch {
    return undefined; // a pattern that only RE2 knows: nothing is marked
  }
}

function unescaped(quoted: string): string {
  try {
    return JSON.parse(`"${quoted}"`) as string;
  } catch {
    return quoted;
  }
}

/** All lines of a stream, without filters. */
export const streamOf = (labels: Record<string, string>, names: Set<string>): string =>
  matchersText(Object.fromEntries(Object.entries(labels).filter(([name]) => names.has(name))));
