import { type Drawn, type Legend, written } from "../lib/boards";
import { inkOn } from "../lib/colours";
import type { PanelProps } from "./kinds";
import { LegendOf, roomOf } from "./Legend";

interface Series {
  name: string;
  values: (number | null)[];
  texts: string[];
  color: string;
  colors: string[] | null;
  format: number;
  inLegend: boolean;
}

interface Chart extends Drawn {
  categories: string[];
  series: Series[];
  horizontal: boolean;
  stacking: "none" | "normal" | "percent";
  showValue: string;
  legend: Legend;
}

const LETTER = 6.5;
const LINE = 18;

/** Groups of bars, lying or standing. */
export function BarChart({ drawn, width, height }: PanelProps) {
  const chart = drawn as Chart;
  const items = chart.series.filter((one) => one.inLegend).map(({ name, color }) => ({ name, color, values: [] }));
  const room = roomOf(chart.legend, items, width, height);
  const [w, h] = room.beside ? [width - room.width - 8, height] : [width, height - room.height];
  const stacked = chart.stacking !== "none";
  const sum = (i: number) => chart.series.reduce((all, one) => all + Math.abs(one.values[i] ?? 0), 0);
  const most = Math.max(1e-300, ...chart.categories.map((_, i) => (stacked ? sum(i) : Math.max(...chart.series.map((one) => Math.abs(one.values[i] ?? 0))))));
  const part = (one: Series, i: number) => Math.abs(one.values[i] ?? 0) / (chart.stacking === "percent" ? sum(i) || 1 : most);
  const across = (w - 60) / Math.max(1, chart.categories.length) / (stacked ? 1 : Math.max(1, chart.series.length));
  const told = (one: Series, i: number) => {
    const text = one.texts[i] ?? "";
    if (chart.showValue === "never") return "";
    if (chart.showValue === "always" || (chart.horizontal && !stacked)) return text;
    const [long, thick] = chart.horizontal ? [part(one, i) * w * 0.7, LINE] : [across, part(one, i) * (h - 2 * LINE)];
    return text.length * LETTER < long && thick >= LINE ? text : "";
  };
  const format = drawn.formats[chart.series[0]?.format ?? 0];
  const marks = chart.stacking === "percent" ? ["100%", "50%", "0%"] : [most, most / 2, 0].map((value) => written(format && { ...format, mappings: [] }, value, true));
  return (
    <div class={`charted ${room.beside ? "beside" : ""}`} style={{ height: `${height}px` }}>
      <div class={`barchart ${chart.horizontal ? "lying" : "standing"}`} style={{ height: `${h}px`, width: `${w}px` }} tabIndex={0}>
        {!chart.horizontal && chart.categories.length > 0 && <div class="marks" aria-hidden="true">{marks.map((text) => <span key={text}>{text}</span>)}</div>}
        {chart.categories.map((name, i) => (
          <div class="group" key={i}>
            <span class={`bars ${stacked ? "stacked" : ""}`}>
              {chart.series.map((one) => [one, one.colors?.[i] ?? one.color] as const).map(([one, colour]) => (
                <i key={one.name} title={`${one.name}: ${one.texts[i]}`} style={{ background: colour, color: inkOn(colour), [chart.horizontal ? "width" : "height"]: `${100 * part(one, i) * (chart.horizontal && !stacked ? 0.85 : 1)}%` }}>
                  <small>{told(one, i)}</small>
                </i>
              ))}
            </span>
            <span class="name" title={name}>{name}</span>
          </div>
        ))}
      </div>
      <LegendOf legend={chart.legend} items={items} room={room} />
    </div>
  );
}
