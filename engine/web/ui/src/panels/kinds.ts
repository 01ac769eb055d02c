import type { ComponentType } from "preact";
import type { Annotation, Drawn } from "../lib/boards";
import { AlertList, AnnotationList, BoardList } from "./Lists";
import { BarChart } from "./BarChart";
import { BarGauge, Gauge, Stat } from "./Values";
import { Heatmap } from "./Heatmap";
import { Histogram } from "./Histogram";
import { LogPanel } from "./LogPanel";
import { PieChart } from "./PieChart";
import { StateTimeline } from "./StateTimeline";
import { Table } from "./Table";
import { Text } from "./Text";
import { TimeSeriesPanel } from "./TimeSeriesPanel";

export interface PanelProps {
  drawn: Drawn;
  width: number;
  height: number;
  group: string;
  marks: Annotation[];
  onSpan: (from: number, to: number) => void;
  /** Of several tables, this one. */
  onFrame: (frame: number) => void;
}

/** Each kind of panel, and what draws it. */
export const PANELS: Record<string, ComponentType<PanelProps>> = {
  timeseries: TimeSeriesPanel,
  stat: Stat,
  gauge: Gauge,
  bargauge: BarGauge,
  table: Table,
  heatmap: Heatmap,
  histogram: Histogram,
  piechart: PieChart,
  barchart: BarChart,
  "state-timeline": StateTimeline,
  "status-history": StateTimeline,
  logs: LogPanel,
  text: Text,
  alertlist: AlertList,
  dashlist: BoardList,
  annolist: AnnotationList,
};
