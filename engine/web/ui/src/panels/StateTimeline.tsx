import type { Drawn, Legend } from "../lib/boards";
import { momentText } from "../lib/time";
import type { PanelProps } from "./kinds";

interface States extends Drawn {
  rows: { name: string; spans: { from: number; to: number; text: string; color: string; value: unknown }[] }[];
  showValue: string;
  legend: Legend;
  items: { text: string; color: string }[];
}

export function StateTimeline({ drawn, height }: PanelProps) {
  const states = drawn as States;
  const place = (ms: number) => (100 * (Math.min(states.to, Math.max(states.from, ms)) - states.from)) / (states.to - states.from || 1);
  return (
    <div class="scroll states" style={{ height: `${height}px` }}>
      {states.rows.map((row, i) => (
        <div class="staterow" key={i}>
          <span class="name" title={row.name}>{row.name}</span>
          <span class="spans">
            {row.spans.map((span, k) => {
              const [from, to] = [place(span.from), place(span.to)];
              return (
                <i key={k} title={`${span.text}, ${momentText(span.from)} to ${momentText(span.to)}`} style={{ left: `${from}%`, width: `${Math.max(0.2, to - from)}%`, background: span.color }}>
                  {states.showValue !== "never" && to - from > 6 && span.text}
                </i>
              );
            })}
          </span>
        </div>
      ))}
      {states.legend.show && <ul class="tslegend list">{states.items.map((one) => <li key={one.text}><i style={{ background: one.color }} /> {one.text}</li>)}</ul>}
    </div>
  );
}
