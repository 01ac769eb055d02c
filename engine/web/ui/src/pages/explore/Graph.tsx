import { useMemo } from "preact/hooks";
import { ask, asked } from "../../lib/api";
import { useAsk } from "../../lib/ask";
import { colour } from "../../lib/colours";
import { type Labels, matchersText, seriesText } from "../../lib/labels";
import { type Series, grid, stepFor } from "../../lib/matrix";
import { exact } from "../../lib/numbers";
import { useRange } from "../../lib/range";
import { instants, momentText, span } from "../../lib/time";
import { type Dot, Plot } from "../../parts/Plot";
import { Failure, LabelSet, Remarks } from "../../parts/small";
import { Beneath, candidates } from "./Beneath";
import { Nothing } from "./Nothing";

interface Props {
  expr: string;
  /** As they stand in the address; empty ones are not set. */
  options: Record<string, string>;
  onOption: (name: string, value: string | undefined) => void;
}

/** An expression over the span; what is dragged over is the span of everything on the page. */
export function Graph({ expr, options, onOption }: Props) {
  const { range, turnOf, choose } = useRange();
  const [from, to] = useMemo(() => instants(range, Date.now()).map((ms) => ms / 1000) as [number, number], [range.from, range.to, turnOf]);
  const step = stepOf(options.step_input!) ?? stepFor(from, to);
  const start = to - Math.floor((to - from) / step) * step; // the last point is at the end: just now, mostly
  const found = useAsk(
    (signal) => asked<{ result: Series[] }>("/api/v1/query_range", { query: expr, start, end: to, step }, signal),
    [expr, start, to, step],
  );
  const shown = useMemo(() => found.data && grid(found.data.data.result, start, to, step), [found.data]);
  const wanted = options.show_exemplars === "1";
  const exemplars = useAsk((signal) => (wanted ? dots(expr, from, to, signal) : Promise.resolve([])), [expr, wanted, from, to]);
  const labels = useMemo(() => candidates((found.data?.data.result ?? []).map((one) => one.metric), expr), [found.data, expr]);
  const box = (name: string, told: string) => (
    <label>
      <input type="checkbox" checked={options[name] === "1"} onChange={(e) => onOption(name, e.currentTarget.checked ? "1" : undefined)} /> {told}
    </label>
  );
  return (
    <>
      <Failure text={found.error} />
      <Remarks {...found.data} />
      {wanted && <Failure text={exemplars.error} />}
      {shown && shown.lines.length === 0 && <Nothing expr={expr} />}
      {shown && shown.lines.length > 0 && (
        <Plot
          times={shown.times}
          lines={shown.lines}
          span={[from * 1000, to * 1000]}
          height={320}
          stacked={options.stacked === "1"}
          group="explore"
          dots={exemplars.data ?? []}
          onSpan={(a, b) => choose({ from: String(a), to: String(b) })}
        />
      )}
      {shown && (
        <p class="foot">
          {shown.lines.length} series
          <label>
            a point each <input class="short" value={options.step_input} placeholder={`${step}s`} aria-label="Step" onChange={(e) => onOption("step_input", stepOf(e.currentTarget.value) ? e.currentTarget.value : undefined)} />
          </label>
          {box("stacked", "stacked")}
          {box("show_exemplars", "exemplars")}
          {wanted && exemplars.data?.length === 0 && <span>there are none</span>}
          {box("logs", "logs below")}
          {!found.loading && <a href={logsOf(labels, range)}>Logs of this time</a>}
        </p>
      )}
      {wanted && exemplars.data && exemplars.data.length > 0 && <Events dots={exemplars.data} />}
      {shown && options.logs === "1" && <Beneath labels={labels} />}
      {!shown && !found.error && <div class="waiting" aria-busy="true" />}
    </>
  );
}

const MOST_EVENTS = 100;

/** The same as the diamonds in the graph, to be read; where an event has a trace, it leads to the lines that name it. */
function Events({ dots }: { dots: Event[] }) {
  const newest = dots.toSorted((a, b) => b.at - a.at).slice(0, MOST_EVENTS);
  return (
    <details>
      <summary>{dots.length} exemplars{dots.length > MOST_EVENTS && `, the newest ${MOST_EVENTS}`}</summary>
      <table>
        <thead><tr><th>time</th><th class="right">value</th><th>labels</th><th>of</th></tr></thead>
        <tbody>
          {newest.map((one, i) => {
            const trace = Object.entries(one.labels).find(([name]) => /trace/i.test(name))?.[1];
            const lines = { q: `{${one.series.job ? `job=${JSON.stringify(one.series.job)}` : 'job=~".+"'}} |= ${JSON.stringify(trace)}`, from: String(Math.round(one.at * 1000) - 60_000), to: String(Math.round(one.at * 1000) + 60_000) };
            return (
              <tr key={i}>
                <td class="number">{momentText(one.at * 1000)}</td>
                <td class="right number">{exact(String(one.value))}</td>
                <td><LabelSet labels={one.labels} /> {trace && <a href={`logs?${new URLSearchParams(lines)}`}>its logs</a>}</td>
                <td><code>{seriesText(one.series)}</code></td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </details>
  );
}

function stepOf(text: string): number | undefined {
  const found = /^\d+(\.\d+)?$/.test(text) ? Number(text) : (span(text) ?? 0) / 1000;
  return found > 0 ? found : undefined;
}

function logsOf(labels: Labels, range: { from: string; to: string }): string {
  return `logs?${new URLSearchParams({ like: matchersText(labels), from: range.from, to: range.to })}`;
}

/** An exemplar, and whose it is. */
interface Event extends Dot {
  labels: Labels;
  series: Labels;
}

interface Found {
  seriesLabels: Labels;
  exemplars: { labels: Labels; value: string; timestamp: number }[];
}

/** Single events that a counter or a histogram names: a point where and when each was. */
async function dots(query: string, start: number, end: number, signal: AbortSignal): Promise<Event[]> {
  const found = await ask<Found[] | undefined>("/api/v1/query_exemplars", { query, start, end }, signal).catch((error: Error) => {
    if (signal.aborted) throw error;
    throw new Error(`exemplars: ${error.message}`);
  });
  return (found ?? []).flatMap(({ seriesLabels, exemplars }, i) =>
    exemplars.map((one) => ({ labels: one.labels, series: seriesLabels, at: one.timestamp, value: Number(one.value), colour: colour(i), told: `exemplar ${exact(one.value)} ${matchersText(one.labels)} of ${seriesText(seriesLabels)}` })),
  );
}
