/** Instants are ms since the epoch; spans are ms. */

const UNITS: [string, number][] = [
  ["y", 365 * 86_400_000],
  ["w", 7 * 86_400_000],
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["m", 60_000],
  ["s", 1000],
  ["ms", 1],
];
const SPAN = /^(?:\d+(?:\.\d+)?(?:ms|[ywdhms]))+$/;

/** `1h30m` in ms; undefined where it is none. */
export function span(text: string): number | undefined {
  const tidy = text.trim();
  if (!SPAN.test(tidy)) return undefined;
  let sum = 0;
  for (const [, digits, unit] of tidy.matchAll(/(\d+(?:\.\d+)?)(ms|[ywdhms])/g)) {
    sum += Number(digits) * UNITS.find(([name]) => name === unit)![1];
  }
  return sum;
}

/** `1h30m`: the two largest units that matter. */
export function spanText(ms: number): string {
  if (ms < 1) return "0s";
  if (ms < 1000) return `${Math.round(ms)}ms`;
  let rest = Math.round(ms / 1000) * 1000;
  const parts: string[] = [];
  for (const [name, size] of UNITS) {
    if (name === "y" || name === "w" || name === "ms") continue;
    const n = Math.floor(rest / size);
    rest -= n * size;
    if (n) parts.push(`${n}${name}`);
    if (parts.length === 2) break;
  }
  return parts.join(" ");
}

const [SECOND, MINUTE, HOUR, DAY] = [1000, 60_000, 3_600_000, 86_400_000];
const STEPS = [
  ...[1, 2, 5, 10, 15, 30].map((n) => n * SECOND),
  ...[1, 2, 5, 10, 15, 30].map((n) => n * MINUTE),
  ...[1, 2, 3, 6, 12].map((n) => n * HOUR),
  ...[1, 2, 7, 14, 30, 90, 365].map((n) => n * DAY),
];

/** Instants that people would choose for an axis, at most so many, in ms. */
export function roundInstants(from: number, to: number, most: number): number[] {
  const step = STEPS.find((one) => (to - from) / one <= most) ?? STEPS.at(-1)! * Math.ceil((to - from) / STEPS.at(-1)! / most);
  const zone = new Date(from).getTimezoneOffset() * MINUTE;
  const found: number[] = [];
  for (let at = Math.ceil((from - zone) / step) * step + zone; at <= to; at += step) found.push(at);
  return found;
}

/** A range as it stands in the address: `now-1h` to `now`, or instants. */
export interface Range {
  from: string;
  to: string;
}

export const LAST_HOUR: Range = { from: "now-1h", to: "now" };

/** `now`, `now-1h`, `now-1d/d`, ms or s since the epoch, or a date. */
export function instant(text: string, now: number, up = false): number | undefined {
  const tidy = text.trim();
  const relative = /^now(?:([-+])((?:\d+(?:ms|[ywdhms]))+))?(?:\/([smhdwMy]))?$/.exec(tidy);
  if (relative) {
    const moved = relative[2] ? (span(relative[2]) ?? 0) * (relative[1] === "-" ? -1 : 1) : 0;
    return relative[3] ? rounded(now + moved, relative[3], up) : now + moved;
  }
  if (/^\d{9,10}(\.\d+)?$/.test(tidy)) return Number(tidy) * 1000;
  if (/^\d{11,}$/.test(tidy)) return Number(tidy);
  const read = Date.parse(/^\d{4}-\d\d-\d\d \d\d:\d\d(:\d\d)?$/.test(tidy) ? tidy.replace(" ", "T") : tidy);
  return Number.isNaN(read) ? undefined : read;
}

function rounded(at: number, unit: string, up: boolean): number {
  const d = new Date(at);
  const parts = [d.getFullYear(), d.getMonth(), d.getDate(), d.getHours(), d.getMinutes(), d.getSeconds()];
  if (unit === "w") parts[2]! -= (d.getDay() + 6) % 7;
  const kept = { y: 1, M: 2, w: 3, d: 3, h: 4, m: 5, s: 6 }[unit] ?? 6;
  if (up) parts[kept - 1]! += unit === "w" ? 7 : 1;
  const cut = parts.map((part, i) => (i < kept ? part : i === 2 ? 1 : 0));
  return new Date(cut[0]!, cut[1]!, cut[2]!, cut[3]!, cut[4]!, cut[5]!).getTime() - (up ? 1 : 0);
}

/** The two instants of a range; the last hour where it can't be read. */
export function instants(range: Range, now: number): [number, number] {
  const from = instant(range.from, now);
  const to = instant(range.to, now, true);
  return from !== undefined && to !== undefined && from < to ? [from, to] : [now - 3_600_000, now];
}

const pad = (n: number) => String(n).padStart(2, "0");

export function dateText(ms: number): string {
  const d = new Date(ms);
  return `${d.getFullYear()}-${pad(d.getMonth() + 1)}-${pad(d.getDate())}`;
}

export function timeText(ms: number, millis = false): string {
  const d = new Date(ms);
  const text = `${pad(d.getHours())}:${pad(d.getMinutes())}:${pad(d.getSeconds())}`;
  return millis ? `${text}.${String(d.getMilliseconds()).padStart(3, "0")}` : text;
}

export const momentText = (ms: number): string => `${dateText(ms)} ${timeText(ms)}`;

/** `3m ago`, `in 20s`. */
export function distance(ms: number, now: number): string {
  const off = now - ms;
  if (Math.abs(off) < 1000) return "now";
  return off > 0 ? `${spanText(off)} ago` : `in ${spanText(-off)}`;
}

export function rangeText(range: Range): string {
  const found = /^now-(\w+)$/.exec(range.from);
  if (found && range.to === "now") return `last ${found[1]}`;
  const now = Date.now();
  const [from, to] = instants(range, now);
  return `${momentText(from)} to ${dateText(from) === dateText(to) ? timeText(to) : momentText(to)}`;
}
