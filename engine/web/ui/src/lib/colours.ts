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
