import type { Theme } from "./settings";

/** Twelve hues that are told apart on both grounds, then their neighbours. */
const LIGHT = ["#2f6fde", "#c2570c", "#1a8245", "#b3261e", "#7a4fd0", "#0e7f8c", "#a8327e", "#7c6a00", "#3d5a80", "#86502b", "#4b7f1f", "#8a3fa0"];
const DARK = ["#7aa8ff", "#f2995a", "#67c98b", "#ff8b80", "#b79bff", "#5cc7d3", "#ef8cc7", "#d5c04d", "#93b4d8", "#d1a07e", "#9ed06c", "#d592e6"];

export function colour(index: number): string {
  const dark = document.documentElement.dataset.theme === "dark";
  const list = dark ? DARK : LIGHT;
  return list[index % list.length]!;
}

export function token(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

/** A `#rrggbb` that lets through what lies below it, but for this part. */
export function alpha(colour: string, part: number): string {
  return /^#[0-9a-f]{6}$/i.test(colour) ? colour + Math.round(part * 255).toString(16).padStart(2, "0") : colour;
}

/** Grafana's hues from light to dark. A name means, on a light ground, the next darker shade of its hue. */
const HUES = [
  ["#ffa6b0", "#ff7383", "#f2495c", "#e02f44", "#c4162a", "#ad0317"],
  ["#ffcb7d", "#ffb357", "#ff9830", "#ff780a", "#fa6400", "#e55400"],
  ["#fff899", "#ffee52", "#fade2a", "#f2cc0c", "#e0b400", "#cc9d00"],
  ["#c8f2c2", "#96d98d", "#73bf69", "#56a64b", "#37872d", "#19730e"],
  ["#c0d8ff", "#8ab8ff", "#5794f2", "#3274d9", "#1f60c4", "#1250b0"],
  ["#deb6f2", "#ca95e5", "#b877d9", "#a352cc", "#8f3bb8", "#7c2ea3"],
  ["#ccccdc", "#24292e"],
  ["#181b1f", "#ffffff"],
];
const DARKER = new Map(HUES.flatMap((hue) => hue.slice(1).map((shade, i): [string, string] => [hue[i]!, shade])));
const COLOURED = new Set(["color", "colors"]);

/** What the server has drawn, in the colours of the theme: it tells those of the dark one. */
export function lit<T>(found: T, theme: Theme): T {
  return theme === "dark" ? found : (shaded(found, "") as T);
}

function shaded(part: unknown, key: string): unknown {
  if (typeof part === "string") return COLOURED.has(key) ? (DARKER.get(part.slice(0, 7)) ?? part.slice(0, 7)) + part.slice(7) : part;
  if (typeof part !== "object" || part === null) return part;
  if (!Array.isArray(part)) return Object.fromEntries(Object.entries(part).map(([name, inner]) => [name, shaded(inner, name)]));
  // Most of an answer are long columns, and these have no colours.
  const plain = !COLOURED.has(key) && typeof part.find((one) => one !== null) !== "object";
  return plain ? part : part.map((one) => shaded(one, key));
}

/** Black or white, whichever is read better on a `#rrggbb`. */
export function inkOn(ground: string): string {
  const [r, g, b] = [1, 3, 5].map((at) => parseInt(ground.slice(at, at + 2), 16) / 255).map((part) => (part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r! + 0.7152 * g! + 0.0722 * b! > 0.179 ? "#000000" : "#ffffff";
}

/** A colour for small letters: nearer to the ink, so that yellow on white is read too. */
export const legible = (colour: string): string => `color-mix(in srgb, ${colour} 55%, var(--ink))`;
