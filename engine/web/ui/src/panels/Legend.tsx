import { useState } from "preact/hooks";
import type { Legend } from "../lib/boards";

/** A line of a legend; `values` stand behind its name, `off` says that it is not drawn at present. */
export interface LegendItem {
  name: string;
  color: string;
  off?: boolean;
  values: { calc: string; text: string; value?: number | null }[];
}

const LINE = 20;
const LETTER = 6.6;

export interface LegendRoom {
  beside: boolean;
  width: number;
  height: number;
}

const NONE: LegendRoom = { beside: false, width: 0, height: 0 };

/** How much of a panel its legend takes: what it needs, at most half of the width or a third of the height, in whole lines. */
export function roomOf(legend: Legend, items: LegendItem[], width: number, height: number): LegendRoom {
  if (!legend.show || !items.length) return NONE;
  const table = legend.mode === "table";
  const values = (one: LegendItem) => one.values.map(({ calc, text }) => (table ? Math.max(calc.length, text.length) : calc.length + 2 + text.length) * LETTER + 14);
  const widths = items.map((one) => 26 + one.name.length * LETTER + values(one).reduce((sum, n) => sum + n, 0));
  if (legend.placement === "right" && width > 300) {
    return { beside: true, width: Math.min(Math.round(width / 2), Math.max(...widths) + 18), height };
  }
  const lines = table ? items.length + 1 : rows(widths, width);
  return { beside: false, width, height: Math.min(lines, Math.max(1, Math.floor((height * 0.35) / LINE))) * LINE };
}

function rows(widths: number[], width: number): number {
  let [count, left] = [1, width];
  for (const one of widths) {
    if (one > left && left < width) [count, left] = [count + 1, width];
    left -= one + 10;
  }
  return count;
}

interface Props {
  legend: Legend;
  items: LegendItem[];
  room: LegendRoom;
  onPick?: (index: number, add: boolean) => void;
}

/** Names beside their colours, as a list or as a table that a click on a head sorts. */
export function LegendOf({ legend, items, room, onPick }: Props) {
  const [by, setBy] = useState({ calc: legend.sortBy, desc: legend.sortDesc });
  if (!room.height) return null;
  const name = (one: LegendItem, i: number) => {
    const inside = [<i key="i" style={{ background: one.color }} />, <span key="n">{one.name}</span>];
    if (!onPick) return <span class="named">{inside}</span>;
    return <button type="button" class={one.off ? "off" : ""} onClick={(event) => onPick(i, event.ctrlKey || event.metaKey)}>{inside}</button>;
  };
  const style = { height: `${room.height}px`, width: room.beside ? `${room.width}px` : undefined };
  if (legend.mode !== "table") {
    return (
      <ul class={`tslegend list ${room.beside ? "beside" : ""}`} style={style} tabIndex={0}>
        {items.map((one, i) => (
          <li key={i} title={one.name}>
            {name(one, i)}
            {one.values.map(({ calc, text }) => <small key={calc}>{calc ? `${calc}: ${text}` : text}</small>)}
          </li>
        ))}
      </ul>
    );
  }
  const calcs = items[0]!.values.map((one) => one.calc);
  const column = calcs.indexOf(by.calc);
  const value = (i: number) => items[i]!.values[column]?.value ?? -Infinity;
  const order = items.map((_, i) => i);
  if (column >= 0) order.sort((a, b) => (by.desc ? -1 : 1) * (value(a) - value(b) || 0));
  return (
    <div class="tslegend" style={style} tabIndex={0}>
      <table>
        <thead>
          <tr>
            <td />
            {calcs.map((calc, i) => (
              <th class="right" key={calc} aria-sort={i === column ? (by.desc ? "descending" : "ascending") : undefined}>
                <button type="button" onClick={() => setBy({ calc, desc: by.calc !== calc || !by.desc })}>{calc}</button>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {order.map((i) => (
            <tr key={i}>
              <td title={items[i]!.name}>{name(items[i]!, i)}</td>
              {items[i]!.values.map(({ calc, text }) => <td class="right number" key={calc}>{text}</td>)}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
