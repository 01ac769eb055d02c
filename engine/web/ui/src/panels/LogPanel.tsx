import { useMemo } from "preact/hooks";
import type { Drawn } from "../lib/boards";
import type { Labels } from "../lib/labels";
import type { LogLine } from "../lib/loki";
import { Lines } from "../pages/logs/Lines";
import { LabelSet } from "../parts/small";
import type { PanelProps } from "./kinds";

interface Line {
  time: string;
  ms: number;
  line: string;
  labels: Labels;
  unique: Labels;
}

interface LogsDrawn extends Drawn {
  lines: Line[];
  wrap: boolean;
  showTime: boolean;
  showLabels: boolean;
  showCommonLabels: boolean;
  commonLabels: Labels;
  dedup: string;
}

/** What two lines must have in common to be told as one. */
const SAME: Record<string, (text: string) => string> = {
  exact: (text) => text,
  numbers: (text) => text.replace(/\d+/g, ""),
  signature: (text) => text.replace(/\w+/g, ""),
};

export function LogPanel({ drawn, height }: PanelProps) {
  const logs = drawn as LogsDrawn;
  const [lines, unique] = useMemo(() => {
    const same = SAME[logs.dedup];
    const kept = same ? logs.lines.filter((one, i) => i === 0 || same(one.line) !== same(logs.lines[i - 1]!.line)) : logs.lines;
    const all = kept.map((one): LogLine => ({ ns: one.time, ms: one.ms, labels: one.labels, text: one.line }));
    return [all, new Map(all.map((one, i) => [one, kept[i]!.unique]))];
  }, [logs]);
  const labels = (line: LogLine) => unique.get(line) ?? {};
  return (
    <div class="scroll" style={{ height: `${height}px` }} tabIndex={0}>
      {logs.showCommonLabels && <p class="foot">Common labels <LabelSet labels={logs.commonLabels} /></p>}
      <Lines lines={lines} look={{ time: logs.showTime, wrap: logs.wrap, labels: logs.showLabels ? labels : undefined }} />
    </div>
  );
}
