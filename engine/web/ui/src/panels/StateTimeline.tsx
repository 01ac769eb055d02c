import type { Drawn, Legend } from "../lib/boards";
import { inkOn } from "../lib/colours";
import { momentText, roundInstants } from "../lib/time";
import { timeTicks } from "../parts/Plot";
import type { PanelProps } from "./kinds";
import { LegendOf, roomOf } from "./Legend";

interface States extends Drawn {
  rows: { name: string; spans: { from: number; to: number; text: string; color: string; value: unknown }[] }[];
  showValue: string;
  rowHeight: number;
  legend: Legend;
  items: { text: string; color: string }[];
}

const AXIS = 20;
const LETTER = 6.5;
/** From this width on spans have a line between them. */
const PARTED = 4;

/** Bands of states over time; the rows share the height of the panel. */
export function StateTimeline({ drawn, width, height }: PanelProps) {
  const states = drawn as States;
  const items = states.items.map((one) => ({ name: one.text, color: one.color, values: [] }));
  const room = roomOf({ ...states.legend, mode: "list" }, items, width, height);
  const [w, h] = room.beside ? [width - room.width - 8, height] : [width, height - room.height];
  const row = Math.max(20, (h - AXIS) / Math.max(1, states.rows.length));
  const names = Math.min(w * 0.35, Math.max(20, ...states.rows.map((one) => one.name.length * LETTER + 8)));
  const place = (ms: number) => (100 * (Math.min(states.to, Math.max(states.from, ms)) - states.from)) / (states.to - states.from || 1);
  const marks = roundInstants(states.from, states.to, Math.max(2, Math.floor((w - names) / 70))).filter((ms) => place(ms) > 3 && place(ms) < 97);
  const bar = `${Math.round(row * Math.min(1, states.rowHeight))}px`;
  return (
    <div class={`charted ${room.beside ? "beside" : ""}`} style={{ height: `${height}px` }}>
      <div class="states" style={{ height: `${h}px`, width: `${w}px` }} tabIndex={0}>
        {states.rows.map((one, i) => (
          <div class="staterow" key={i} style={{ height: `${row}px`, gridTemplateColumns: `${names}px 1fr` }}>
            <span class="name" title={one.name}>{one.name}</span>
            <span class="spans" style={{ height: bar, lineHeight: bar }}>
              {one.spans.map((span, k) => {
                const [from, to] = [place(span.from), place(span.to)];
                const pixels = ((to - from) / 100) * (w - names);
                const fits = pixels > span.text.length * LETTER + 4;
                return (
                  <i key={k} class={pixels < PARTED ? "thin" : ""} title={`${span.text}, ${momentText(span.from)} to ${momentText(span.to)}`} style={{ left: `${from}%`, width: `${Math.max(0.2, to - from)}%`, background: span.color, color: inkOn(span.color) }}>
                    {states.showValue !== "never" && (fits || states.showValue === "always") && span.text}
                  </i>
                );
              })}
            </span>
          </div>
        ))}
        <div class="stateaxis" style={{ marginLeft: `${names + 8}px` }} aria-hidden="true">{timeTicks(marks.map((ms) => ms / 1000)).map((text, i) => <span key={i} style={{ left: `${place(marks[i]!)}%` }}>{text.split("\n").at(-1)}</span>)}</div>
      </div>
      <LegendOf legend={{ ...states.legend, mode: "list" }} items={items} room={room} />
    </div>
  );
}
