import type { Drawn } from "../lib/boards";
import type { Labels } from "../lib/labels";
import type { LogLine } from "../lib/loki";
import { Lines } from "../pages/Logs";
import type { PanelProps } from "./kinds";

interface LogsDrawn extends Drawn {
  lines: { time: string; ms: number; line: string; labels: Labels; level: string }[];
}

export function LogPanel({ drawn, height }: PanelProps) {
  const lines: LogLine[] = (drawn as LogsDrawn).lines.map((one) => ({ ns: one.time, ms: one.ms, labels: one.labels, text: one.line }));
  return (
    <div class="scroll" style={{ height: `${height}px` }}>
      <Lines lines={lines} />
    </div>
  );
}
