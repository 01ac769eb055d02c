import { type Drawn, written } from "../lib/boards";
import { token } from "../lib/colours";
import { useCanvas } from "./canvas";
import type { PanelProps } from "./kinds";

interface Bars extends Drawn {
  edges: number[];
  series: { name: string; color: string; counts: number[] }[];
  format: number;
}

export function Histogram({ drawn, width, height }: PanelProps) {
  const bars = drawn as Bars;
  const sums = bars.edges.slice(1).map((_, i) => bars.series.reduce((sum, one) => sum + (one.counts[i] ?? 0), 0));
  const most = Math.max(1, ...sums);
  const [h, w] = [height - 20, width / Math.max(1, sums.length)];
  const canvas = useCanvas(width, height, [drawn], (ctx) => {
    sums.forEach((_, i) => {
      let y = h;
      for (const one of bars.series) {
        const size = (h * (one.counts[i] ?? 0)) / most;
        ctx.fillStyle = one.color;
        ctx.fillRect(i * w + 1, (y -= size), Math.max(1, w - 2), size);
      }
    });
    ctx.fillStyle = token("ink-3");
    ctx.font = "11px system-ui, sans-serif";
    const every = Math.ceil(60 / w);
    bars.edges.forEach((edge, i) => i % every === 0 && i < sums.length && ctx.fillText(written(bars.formats[bars.format], edge), i * w + 2, height - 6));
  });
  return <canvas ref={canvas} style={{ width: `${width}px`, height: `${height}px` }} role="img" aria-label={`${bars.title}: histogram of ${bars.series.length} series`} />;
}
