const SI: [number, string][] = [
  [1e12, "T"],
  [1e9, "G"],
  [1e6, "M"],
  [1e3, "k"],
];

/** A value short enough for an axis. */
export function short(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf";
  const size = Math.abs(value);
  if (size >= 1e15 || (size > 0 && size < 1e-6)) return value.toExponential(2);
  for (const [unit, name] of SI) if (size >= unit) return trimmed(value / unit) + name;
  return trimmed(value);
}

function trimmed(value: number): string {
  return String(Number(value.toPrecision(4)));
}

/** As the engine writes it, with thin groups of digits. */
export function exact(text: string): string {
  const [whole, rest] = text.split(".");
  if (!/^-?\d{5,}$/.test(whole ?? "")) return text;
  return whole!.replace(/\B(?=(\d{3})+(?!\d))/g, "\u2009") + (rest ? `.${rest}` : "");
}

const BYTES = ["B", "KiB", "MiB", "GiB", "TiB"];

export function bytes(value: number): string {
  let unit = 0;
  while (value >= 1024 && unit < BYTES.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${value < 10 && unit ? value.toFixed(1) : Math.round(value)} ${BYTES[unit]}`;
}

/** A sample's value: JSON has no NaN, so it comes as text. */
export function sample(text: string): number {
  if (text === "+Inf") return Infinity;
  if (text === "-Inf") return -Infinity;
  return Number(text);
}
