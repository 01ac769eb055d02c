import { useState } from "preact/hooks";
import { type Drawn, written } from "../lib/boards";
import { token } from "../lib/colours";
import { momentText, roundInstants } from "../lib/time";
import { timeTicks } from "../parts/Plot";
import { useCanvas } from "./canvas";
import type { PanelProps } from "./kinds";

interface Heat extends Drawn {
  times: number[];
  buckets: string[];
  counts: (number | null)[][];
  countFormat: number;
  min: number | null;
  max: number | null;
  colors: string[];
  showLegend: boolean;
  yTitle: string;
}

const BELOW = 22;
const SCALE = 26;
/** Cells that are larger have a line between them. */
const GAP_FROM = 4;

export function Heatmap({ drawn, width, height }: PanelProps) {
  const heat = drawn as Heat;
  const [told, setTold] = useState<{ left: number; top: number; text: string }>();
  const scaled = heat.showLegend && height > 120;
  const longest = Math.max(3, ...heat.buckets.map((name) => name.length));
  const left = Math.min(90, 12 + longest * 6.4) + (heat.yTitle ? 16 : 0);
  const [w, h] = [width - left, height - BELOW - (scaled ? SCALE : 0)];
  const across = (heat.times[1] ?? heat.to) - (heat.times[0] ?? heat.from) || 1;
  const x = (ms: number) => left + (w * (ms - heat.from)) / (heat.to - heat.from || 1);
  const row = h / Math.max(1, heat.buckets.length);
  const most = heat.max ?? Math.max(...heat.counts.flat().map((count) => count ?? 0), 0);
  const least = heat.min ?? 0;
  const canvas = useCanvas(width, height - (scaled ? SCALE : 0), [drawn], (ctx) => {
    ctx.font = "11px system-ui, sans-serif";
    // Whole pixels: the seams between halves of them would be seen as stripes.
    const lines = heat.times.map((ms) => [Math.max(left, Math.round(x(ms))), Math.round(x(ms + across))] as const);
    const apart = (size: number) => (size > GAP_FROM ? 1 : 0);
    heat.counts.forEach((counts, b) => {
      const [top, bottom] = [Math.round(h - (b + 1) * row), Math.round(h - b * row)];
      counts.forEach((count, t) => {
        if (!count) return;
        const part = Math.min(1, (count - least) / (most - least || 1));
        const [from, to] = lines[t]!;
        ctx.fillStyle = heat.colors[Math.min(heat.colors.length - 1, Math.floor(part * heat.colors.length))] ?? token("accent");
        if (to > left) ctx.fillRect(from, top, Math.max(1, to - from - apart(to - from)), Math.max(1, bottom - top - apart(bottom - top)));
      });
    });
    ctx.fillStyle = token("ink-3");
    ctx.textAlign = "right";
    const every = Math.ceil(18 / row);
    heat.buckets.forEach((name, b) => b % every === 0 && ctx.fillText(name, left - 6, h - b * row - row / 2 + 4));
    ctx.textAlign = "center";
    const marks = roundInstants(heat.from, heat.to, Math.max(2, Math.floor(w / 70)));
    timeTicks(marks.map((ms) => ms / 1000)).forEach((text, i) => {
      const shown = text.split("\n").at(-1)!;
      const half = ctx.measureText(shown).width / 2;
      const at = x(marks[i]!);
      if (at - half >= left - 6 && at + half <= width) ctx.fillText(shown, at, h + BELOW - 6);
    });
    if (heat.yTitle) {
      ctx.rotate(-Math.PI / 2);
      ctx.fillText(heat.yTitle, -h / 2, 12);
    }
  });
  const tell = (event: MouseEvent) => {
    const box = (event.currentTarget as HTMLElement).getBoundingClientRect();
    const t = Math.floor((heat.from + ((event.clientX - box.left - left) / w) * (heat.to - heat.from) - heat.times[0]!) / across);
    const b = Math.floor((h - (event.clientY - box.top)) / row);
    const count = heat.counts[b]?.[t];
    const text = count === null || count === undefined ? "" : `${heat.buckets[b]}: ${written(heat.formats[heat.countFormat], count)}`;
    setTold(text ? { left: event.clientX - box.left, top: event.clientY - box.top, text: `${momentText(heat.times[t]!)}  ${text}` } : undefined);
  };
  return (
    <div class="heat" onMouseMove={tell} onMouseLeave={() => setTold(undefined)}>
      <canvas ref={canvas} style={{ width: `${width}px`, height: `${h + BELOW}px` }} role="img" aria-label={`${heat.title}: ${heat.buckets.length} buckets over time`} />
      {told && <div class="tip" style={{ top: `${told.top + 8}px`, ...(told.left > width / 2 ? { right: `${width - told.left + 10}px` } : { left: `${told.left + 10}px` }) }}>{told.text}</div>}
      {scaled && (
        <p class="colourscale" style={{ marginLeft: `${left}px` }}>
          <small>{written(heat.formats[heat.countFormat], least)}</small>
          <i style={{ background: `linear-gradient(90deg, ${heat.colors.join(", ")})` }} />
          <small>{written(heat.formats[heat.countFormat], most)}</small>
        </p>
      )}
    </div>
  );
}
