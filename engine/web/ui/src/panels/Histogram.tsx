import { type Drawn, type Legend, written } from "../lib/boards";
import { token } from "../lib/colours";
import { useCanvas } from "./canvas";
import type { PanelProps } from "./kinds";
import { LegendOf, roomOf } from "./Legend";

interface Bars extends Drawn {
  edges: number[];
  series: { name: string; color: string; counts: number[] }[];
  format: number;
  legend: Legend;
}

const BELOW = 20;
const LEFT = 36;

/** How many values there are of each size. */
export function Histogram({ drawn, width, height }: PanelProps) {
  const bars = drawn as Bars;
  const items = bars.series.map(({ name, color }) => ({ name, color, values: [] }));
  const room = roomOf({ ...bars.legend, mode: "list" }, items, width, height);
  const size = room.beside ? { w: width - room.width - 8, h: height } : { w: width, h: height - room.height };
  const sums = bars.edges.slice(1).map((_, i) => bars.series.reduce((sum, one) => sum + (one.counts[i] ?? 0), 0));
  const most = Math.max(1, ...sums);
  const [h, w] = [size.h - BELOW, (size.w - LEFT) / Math.max(1, sums.length)];
  const canvas = useCanvas(size.w, size.h, [drawn], (ctx) => {
    ctx.font = "11px system-ui, sans-serif";
    ctx.textAlign = "right";
    for (const mark of new Set([0, Math.round(most / 2), most])) {
      const y = h - ((h - 8) * mark) / most;
      ctx.fillStyle = token("line");
      ctx.fillRect(LEFT, y, size.w - LEFT, 1);
      ctx.fillStyle = token("ink-3");
      ctx.fillText(String(mark), LEFT - 5, y + 4);
    }
    sums.forEach((_, i) => {
      let y = h;
      for (const one of bars.series) {
        const tall = ((h - 8) * (one.counts[i] ?? 0)) / most;
        ctx.fillStyle = one.color;
        ctx.fillRect(LEFT + i * w + 1, (y -= tall), Math.max(1, w - 2), tall);
      }
    });
    ctx.fillStyle = token("ink-3");
    ctx.textAlign = "left";
    const every = Math.ceil(60 / w);
    bars.edges.forEach((edge, i) => i % every === 0 && i < sums.length && ctx.fillText(written(bars.formats[bars.format], edge, true), LEFT + i * w + 2, size.h - 6));
  });
  return (
    <div class={`charted ${room.beside ? "beside" : ""}`}>
      <canvas ref={canvas} style={{ width: `${size.w}px`, height: `${size.h}px` }} role="img" aria-label={`${bars.title}: histogram of ${bars.series.length} series`} />
      <LegendOf legend={{ ...bars.legend, mode: "list" }} items={items} room={room} />
    </div>
  );
}
