import { useState } from "preact/hooks";
import { type Drawn, written } from "../lib/boards";
import { token } from "../lib/colours";
import { momentText } from "../lib/time";
import { timeTicks } from "../parts/Plot";
import { useCanvas } from "./canvas";
import type { PanelProps } from "./kinds";

interface Heat extends Drawn {
  times: number[];
  buckets: string[];
  counts: (number | null)[][];
  format: number;
  min: number | null;
  max: number | null;
  colors: string[];
}

const LEFT = 70;
const BELOW = 22;

export function Heatmap({ drawn, width, height }: PanelProps) {
  const heat = drawn as Heat;
  const [told, setTold] = useState("");
  const [w, h] = [width - LEFT, height - BELOW];
  const across = (heat.times[1] ?? heat.to) - (heat.times[0] ?? heat.from) || 1;
  const x = (ms: number) => LEFT + (w * (ms - heat.from)) / (heat.to - heat.from || 1);
  const row = h / Math.max(1, heat.buckets.length);
  const most = heat.max ?? Math.max(...heat.counts.flat().map((count) => count ?? 0), 0);
  const canvas = useCanvas(width, height, [drawn], (ctx) => {
    ctx.font = "11px system-ui, sans-serif";
    heat.counts.forEach((counts, b) => {
      const top = h - (b + 1) * row;
      counts.forEach((count, t) => {
        if (!count) return;
        const part = Math.min(1, (count - (heat.min ?? 0)) / (most - (heat.min ?? 0) || 1));
        ctx.fillStyle = heat.colors[Math.min(heat.colors.length - 1, Math.floor(part * heat.colors.length))] ?? token("accent");
        ctx.fillRect(x(heat.times[t]!), top, Math.max(1, (w * across) / (heat.to - heat.from)), Math.max(1, row - 0.5));
      });
    });
    ctx.fillStyle = token("ink-3");
    ctx.textAlign = "right";
    const every = Math.ceil(18 / row);
    heat.buckets.forEach((name, b) => b % every === 0 && ctx.fillText(name, LEFT - 6, h - b * row - row / 2 + 4));
    ctx.textAlign = "center";
    const count = Math.max(2, Math.floor(w / 90));
    const marks = Array.from({ length: count }, (_, i) => (heat.from + ((i + 0.5) * (heat.to - heat.from)) / count) / 1000);
    timeTicks(marks).forEach((text, i) => ctx.fillText(text.split("\n").at(-1)!, x(marks[i]! * 1000), height - 6));
  });
  const tell = (event: MouseEvent) => {
    const box = (event.currentTarget as HTMLElement).getBoundingClientRect();
    const t = Math.floor((heat.from + ((event.clientX - box.left - LEFT) / w) * (heat.to - heat.from) - heat.times[0]!) / across);
    const b = Math.floor((h - (event.clientY - box.top)) / row);
    const count = heat.counts[b]?.[t];
    setTold(count === null || count === undefined ? "" : `${momentText(heat.times[t]!)}  ${heat.buckets[b]}: ${written(heat.formats[heat.format], count)}`);
  };
  return <canvas ref={canvas} title={told} onMouseMove={tell} style={{ width: `${width}px`, height: `${height}px` }} role="img" aria-label={`${heat.title}: ${heat.buckets.length} buckets over time`} />;
}
