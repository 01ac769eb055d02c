import type { Drawn, Legend } from "../lib/boards";
import { inkOn } from "../lib/colours";
import type { PanelProps } from "./kinds";
import { LegendOf, roomOf } from "./Legend";

interface Pie extends Drawn {
  slices: { name: string; value: number; text: string; color: string; percent: number; percentText: string; hidden: boolean }[];
  donut: boolean;
  labels: string[];
  legend: Legend;
  legendValues: string[];
}

export function PieChart({ drawn, width, height }: PanelProps) {
  const pie = drawn as Pie;
  const slices = pie.slices.filter((one) => !one.hidden && one.value > 0);
  const total = slices.reduce((sum, one) => sum + one.value, 0) || 1;
  const values = (one: Pie["slices"][number]) =>
    pie.legendValues.map((kind) => (kind === "percent" ? { calc: "Percent", text: one.percentText, value: one.percent } : { calc: "Value", text: one.text, value: one.value }));
  const items = pie.slices.map((one) => ({ name: one.name, color: one.color, values: values(one) }));
  const room = roomOf(pie.legend, items, width, height);
  let from = 0;
  const shapes = slices.map((one) => {
    const to = from + one.value / total;
    const shape = { one, path: wedge(from, to, pie.donut ? 26 : 0), at: middle((from + to) / 2, pie.donut ? 37 : 31) };
    from = to;
    return shape;
  });
  return (
    <div class={`pie ${room.beside ? "beside" : ""}`} style={{ height: `${height}px`, width: `${width}px` }}>
      <svg viewBox="0 0 100 100" role="img" aria-label={slices.map((one) => `${one.name} ${one.percentText}`).join(", ")}>
        {shapes.map(({ one, path, at }) => (
          <g key={one.name}>
            <path d={path} fill={one.color}><title>{one.name}: {one.text} ({one.percentText})</title></path>
            {pie.labels.length > 0 && one.value / total > 0.06 && (
              <text x={at[0]} y={at[1]} text-anchor="middle" font-size="5.5" fill={inkOn(one.color)}>
                {pie.labels.map((label) => (label === "name" ? one.name : label === "percent" ? one.percentText : one.text)).join(" ")}
              </text>
            )}
          </g>
        ))}
      </svg>
      <LegendOf legend={pie.legend} items={items} room={room} />
    </div>
  );
}

function middle(part: number, r: number): [number, number] {
  const angle = 2 * Math.PI * part - Math.PI / 2;
  return [50 + r * Math.cos(angle), 50 + r * Math.sin(angle)];
}

function wedge(from: number, to: number, inner: number): string {
  // An arc that ends where it begins is none: a whole is drawn as two halves.
  if (to - from > 0.999) return `${wedge(from, from + 0.5, inner)} ${wedge(from + 0.5, from + 1, inner)}`;
  const [a, b] = [middle(from, 48), middle(to, 48)];
  const large = to - from > 0.5 ? 1 : 0;
  if (!inner) return `M50 50 L${a} A48 48 0 ${large} 1 ${b} Z`;
  const [c, d] = [middle(to, inner), middle(from, inner)];
  return `M${a} A48 48 0 ${large} 1 ${b} L${c} A${inner} ${inner} 0 ${large} 0 ${d} Z`;
}
