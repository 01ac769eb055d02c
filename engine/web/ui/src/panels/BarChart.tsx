import type { Drawn, Legend } from "../lib/boards";
import type { PanelProps } from "./kinds";

interface Chart extends Drawn {
  categories: string[];
  series: { name: string; values: (number | null)[]; texts: string[]; color: string }[];
  horizontal: boolean;
  stacking: "none" | "normal" | "percent";
  showValue: string;
  legend: Legend;
}

/** Groups of bars, lying or standing. */
export function BarChart({ drawn, height }: PanelProps) {
  const chart = drawn as Chart;
  const stacked = chart.stacking !== "none";
  const sum = (i: number) => chart.series.reduce((all, one) => all + Math.abs(one.values[i] ?? 0), 0);
  const most = Math.max(1e-300, ...chart.categories.map((_, i) => (stacked ? sum(i) : Math.max(...chart.series.map((one) => Math.abs(one.values[i] ?? 0))))));
  const part = (value: number | null, i: number) => `${(100 * Math.abs(value ?? 0)) / (chart.stacking === "percent" ? sum(i) || 1 : most)}%`;
  return (
    <div class="scroll" style={{ height: `${height}px` }}>
      <div class={`barchart ${chart.horizontal ? "lying" : "standing"}`}>
        {chart.categories.map((name, i) => (
          <div class="group" key={i}>
            <span class={`bars ${stacked ? "stacked" : ""}`}>
              {chart.series.map((one) => (
                <i key={one.name} title={`${one.name}: ${one.texts[i]}`} style={{ background: one.color, [chart.horizontal ? "width" : "height"]: part(one.values[i] ?? null, i) }}>
                  {chart.showValue !== "never" && <small>{one.texts[i]}</small>}
                </i>
              ))}
            </span>
            <span class="name" title={name}>{name}</span>
          </div>
        ))}
      </div>
      {chart.legend.show && chart.series.length > 1 && (
        <ul class="tslegend list">{chart.series.map((one) => <li key={one.name}><i style={{ background: one.color }} /> {one.name}</li>)}</ul>
      )}
    </div>
  );
}
