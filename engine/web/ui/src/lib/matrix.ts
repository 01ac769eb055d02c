import type { Line } from "../parts/Plot";
import { colour } from "./colours";
import { type Labels, seriesText, telling } from "./labels";
import { sample } from "./numbers";

export interface Series {
  metric: Labels;
  values: [number, string][];
}

export interface Grid {
  times: number[];
  lines: Line[];
}

/** Series of a range query on one row of instants, `step` seconds apart; what is absent is null. */
export function grid(series: Series[], from: number, to: number, step: number, named = names): Grid {
  const count = Math.max(1, Math.floor((to - from) / step + 1e-9) + 1);
  const times = Array.from({ length: count }, (_, i) => from + i * step);
  const texts = named(series.map((one) => one.metric));
  const lines = series.map((one, i) => {
    const values: (number | null)[] = new Array(count).fill(null);
    for (const [at, text] of one.values) {
      const value = sample(text);
      const k = Math.round((at - from) / step);
      if (k >= 0 && k < count) values[k] = Number.isFinite(value) ? value : null;
    }
    return { name: texts[i]!, colour: colour(i), values };
  });
  return { times, lines };
}

/** What tells the series from each other; the whole of it where there is one. */
export function names(all: Labels[]): string[] {
  if (all.length < 2) return all.map(seriesText);
  const kept = telling(all);
  return all.map((labels) => {
    const told = Object.entries(labels).filter(([name]) => kept.has(name));
    return told.length ? seriesText(Object.fromEntries(told)) : seriesText(labels);
  });
}

/** A step that gives about as many points as can be told apart, on whole seconds. */
export function stepFor(from: number, to: number, points = 400): number {
  return Math.max(1, Math.ceil((to - from) / points));
}
