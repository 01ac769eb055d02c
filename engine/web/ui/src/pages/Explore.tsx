import { useMemo, useState } from "preact/hooks";
import { ask, asked, get } from "../lib/api";
import { useAsk } from "../lib/ask";
import { type Labels, matchersText } from "../lib/labels";
import { type Series, grid, stepFor } from "../lib/matrix";
import { exact } from "../lib/numbers";
import { turn, usePlace } from "../lib/route";
import { setting, keep, useSetting } from "../lib/settings";
import { dateText, instants, momentText, span, timeText } from "../lib/time";
import { useRange } from "../lib/range";
import { Editor } from "../parts/Editor";
import { Plot } from "../parts/Plot";
import { Empty, Failure, LabelSet, Remarks, Tabs } from "../parts/small";

type Tab = "0" | "1" | "explain";

const TABS: [Tab, string][] = [
  ["0", "Graph"],
  ["1", "Table"],
  ["explain", "Explain"],
];
const MOST_ROWS = 1000;
const STARTS = [
  ["Which targets are up?", "up"],
  ["How busy is the machine?", '1 - avg by (instance) (rate(node_cpu_seconds_total{mode="idle"}[5m]))'],
  ["What takes the most series?", "topk(10, count by (__name__) ({__name__=~\".+\"}))"],
];

/** Expressions over metrics, one below the other, on one span. */
export function Explore() {
  const { params } = usePlace();
  const count = expressions(params);
  return (
    <main class="explore">
      {Array.from({ length: count }, (_, i) => (
        <Panel key={i} index={i} params={params} alone={count === 1} />
      ))}
      <button type="button" class="add" onClick={() => turn({ [`g${count}.expr`]: "" })}>
        + another expression
      </button>
    </main>
  );
}

function expressions(params: URLSearchParams): number {
  let count = 1;
  while (params.has(`g${count}.expr`)) count += 1;
  return count;
}

function Panel({ index, params, alone }: { index: number; params: URLSearchParams; alone: boolean }) {
  const key = (name: string) => `g${index}.${name}`;
  const expr = params.get(key("expr")) ?? "";
  const tab = (params.get(key("tab")) ?? "0") as Tab;
  const run = (text: string) => {
    remember(text);
    turn({ [key("expr")]: text.trim() });
  };
  const [draft, setDraft] = useState(expr);
  return (
    <section class="card panel">
      <div class="ask">
        <Editor language="promql" label={`Expression ${index + 1}`} value={expr} onRun={run} onInput={setDraft} />
        <button type="button" class="primary" onClick={() => run(draft)}>Run</button>
        {!alone && (
          <button type="button" aria-label="Remove this expression" title="Remove" onClick={() => remove(index)}>✕</button>
        )}
      </div>
      {expr ? (
        <>
          <Tabs all={TABS} chosen={tab} onChoose={(next) => turn({ [key("tab")]: next }, true)} />
          {tab === "0" && <Graph expr={expr} step={params.get(key("step_input"))} stacked={params.get(key("stacked")) === "1"} name={key} />}
          {tab === "1" && <Table expr={expr} />}
          {tab === "explain" && <Explain expr={expr} />}
        </>
      ) : (
        <Starts onChoose={run} />
      )}
    </section>
  );
}

function remove(index: number): void {
  const { searchParams } = new URL(location.href);
  const last = expressions(searchParams) - 1;
  const changes: Record<string, string | undefined> = {};
  for (let i = index; i <= last; i += 1) {
    for (const name of ["expr", "tab", "stacked", "step_input"]) {
      changes[`g${i}.${name}`] = i < last ? (searchParams.get(`g${i + 1}.${name}`) ?? undefined) : undefined;
    }
  }
  turn(changes);
}

function Starts({ onChoose }: { onChoose: (expr: string) => void }) {
  const past = remembered();
  return (
    <div class="starts">
      {past.length > 0 && <h3>Asked before</h3>}
      {past.map((text) => (
        <button type="button" key={text} onClick={() => onChoose(text)}>
          <code>{text}</code>
        </button>
      ))}
      <h3>To begin with</h3>
      {STARTS.map(([name, text]) => (
        <button type="button" key={text} onClick={() => onChoose(text!)}>
          {name} <code>{text}</code>
        </button>
      ))}
      <Metrics onChoose={onChoose} />
    </div>
  );
}

interface About {
  type: string;
  help: string;
}

const MOST_METRICS = 60;

/** All metrics with what their sources say of them; each leads to the query that suits its type. */
function Metrics({ onChoose }: { onChoose: (expr: string) => void }) {
  const [text, setText] = useState("");
  const names = useAsk((signal) => get<string[]>("/api/v1/label/__name__/values", {}, signal), []);
  const told = useAsk((signal) => get<Record<string, About[]>>("/api/v1/metadata", {}, signal), []);
  const about = (name: string) => told.data?.[name]?.[0] ?? told.data?.[name.replace(/_(bucket|sum|count|total)$/, "")]?.[0];
  const words = text.toLowerCase().split(/\s+/);
  const seen = (names.data ?? []).filter((name) => {
    const line = `${name} ${about(name)?.help ?? ""}`.toLowerCase();
    return words.every((word) => line.includes(word));
  });
  return (
    <>
      <h3>All metrics <small>{names.data?.length ?? ""}</small></h3>
      <input type="search" class="search" placeholder="Find by name or meaning" aria-label="Find a metric" value={text} onInput={(e) => setText(e.currentTarget.value)} />
      <table class="metrics">
        <tbody>
          {seen.slice(0, MOST_METRICS).map((name) => (
            <tr key={name}>
              <td><button type="button" class="link" onClick={() => onChoose(suited(name, about(name)?.type))}><code>{name}</code></button></td>
              <td class="quiet">{about(name)?.type}</td>
              <td class="quiet">{about(name)?.help}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {seen.length > MOST_METRICS && <p class="foot">and {seen.length - MOST_METRICS} more: type to find them</p>}
    </>
  );
}

function suited(name: string, type?: string): string {
  if (type === "histogram" && name.endsWith("_bucket")) return `histogram_quantile(0.95, sum by (le) (rate(${name}[5m])))`;
  const counts = type === "counter" || (type === "histogram" || type === "summary" ? /_(sum|count)$/.test(name) : !type && name.endsWith("_total"));
  return counts ? `rate(${name}[5m])` : name;
}

function remembered(): string[] {
  return JSON.parse(setting("asked", "[]")) as string[];
}

function remember(text: string): void {
  if (text.trim()) keep("asked", JSON.stringify([text.trim(), ...remembered().filter((one) => one !== text.trim())].slice(0, 12)));
}

function Graph({ expr, step: given, stacked, name }: { expr: string; step: string | null; stacked: boolean; name: (n: string) => string }) {
  const { range, turnOf, choose } = useRange();
  const [from, to] = useMemo(() => instants(range, Date.now()).map((ms) => ms / 1000) as [number, number], [range.from, range.to, turnOf]);
  const step = stepOf(given) ?? stepFor(from, to);
  const start = to - Math.floor((to - from) / step) * step; // the last point is at the end: just now, mostly
  const found = useAsk(
    (signal) => asked<{ result: Series[] }>("/api/v1/query_range", { query: expr, start, end: to, step }, signal),
    [expr, start, to, step],
  );
  const shown = useMemo(() => found.data && grid(found.data.data.result, start, to, step), [found.data]);
  return (
    <>
      <Failure text={found.error} />
      <Remarks {...found.data} />
      {shown && shown.lines.length === 0 && <Nothing expr={expr} />}
      {shown && shown.lines.length > 0 && (
        <>
          <Plot
            times={shown.times}
            lines={shown.lines}
            span={[from * 1000, to * 1000]}
            height={320}
            stacked={stacked}
            group="explore"
            onSpan={(a, b) => choose({ from: String(a), to: String(b) })}
          />
          <p class="foot">
            {shown.lines.length} series, a point each {step} s
            <label>
              <input type="checkbox" checked={stacked} onChange={(e) => turn({ [name("stacked")]: e.currentTarget.checked ? "1" : undefined }, true)} /> stacked
            </label>
            <a href={logsOf(found.data!.data.result.map((one) => one.metric), range)}>Logs of this time</a>
          </p>
        </>
      )}
      {!shown && !found.error && <div class="waiting" aria-busy="true" />}
    </>
  );
}

function stepOf(text: string | null): number | undefined {
  if (!text) return undefined;
  const found = /^\d+(\.\d+)?$/.test(text) ? Number(text) : (span(text) ?? 0) / 1000;
  return found > 0 ? found : undefined;
}

/** Labels that all series share and log streams are likely to have too. */
function logsOf(all: Labels[], range: { from: string; to: string }): string {
  const shared: Labels = {};
  for (const name of ["job", "namespace", "pod", "container", "app"]) {
    const value = all[0]?.[name];
    if (value !== undefined && all.every((labels) => labels[name] === value)) shared[name] = value;
  }
  const query = Object.keys(shared).length ? matchersText(shared) : "";
  return `logs?${new URLSearchParams({ q: query, from: range.from, to: range.to })}`;
}

function Nothing({ expr }: { expr: string }) {
  const name = /[a-zA-Z_:][\w:]*/.exec(expr)?.[0] ?? "";
  return (
    <Empty>
      Nothing in this span. Is the name right (<a href={`graph?g0.expr=${encodeURIComponent(`count({__name__=~".*${name}.*"}) by (__name__)`)}&g0.tab=1`}>names like {name}</a>), is{" "}
      <a href="targets">its target</a> up?
    </Empty>
  );
}

type Value = [number, string];

interface Found {
  resultType: "vector" | "matrix" | "scalar" | "string";
  result: Sampled[] | Value;
}

interface Sampled {
  metric: Labels;
  value?: Value;
  values?: Value[];
}

function Table({ expr }: { expr: string }) {
  const { range, turnOf } = useRange();
  const [, to] = instants(range, Date.now());
  const time = range.to === "now" ? undefined : to / 1000;
  const found = useAsk((signal) => asked<Found>("/api/v1/query", { query: expr, time }, signal), [expr, time, turnOf]);
  return (
    <>
      <Failure text={found.error} />
      <Remarks {...found.data} />
      {found.data && <Rows found={found.data.data} expr={expr} />}
    </>
  );
}

function Rows({ found, expr }: { found: Found; expr: string }) {
  const [by, setBy] = useSetting("table.sort", "");
  if (found.resultType === "scalar" || found.resultType === "string") return <p class="single">{exact((found.result as Value)[1])}</p>;
  const rows = (found.result as Sampled[]).map((one) => ({ metric: one.metric, values: one.values ?? [one.value!] }));
  if (!rows.length) return <Nothing expr={expr} />;
  const sorted = by ? rows.toSorted((a, b) => (by === "up" ? 1 : -1) * (Number(a.values.at(-1)![1]) - Number(b.values.at(-1)![1]))) : rows;
  const now = Date.now();
  return (
    <>
      <table class="samples">
        <thead>
          <tr>
            <th>{rows.length} series</th>
            <th class="right">
              <button type="button" onClick={() => setBy(by === "down" ? "up" : by === "up" ? "" : "down")}>
                value {by === "down" ? "↓" : by === "up" ? "↑" : ""}
              </button>
            </th>
          </tr>
        </thead>
        <tbody>
          {sorted.slice(0, MOST_ROWS).map(({ metric, values }, i) => (
            <tr key={i}>
              <td>
                <code>{metric.__name__}</code> <LabelSet labels={metric} skip={["__name__"]} />
              </td>
              <td class="right number">
                {values.map(([at, text]) => (
                  <div key={at} title={momentText(at * 1000)}>
                    {exact(text)} {found.resultType === "matrix" && <small>{dateText(at * 1000) === dateText(now) ? timeText(at * 1000, true) : momentText(at * 1000)}</small>}
                  </div>
                ))}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {rows.length > MOST_ROWS && <p class="foot">The first {MOST_ROWS} of them; narrow the expression to see others.</p>}
    </>
  );
}

interface Node {
  depth: number;
  text: string;
  rows: number | null;
  samples: number | null;
  milliseconds: number | null;
}

/** How the engine would go about it, and what each part of it took. */
function Explain({ expr }: { expr: string }) {
  const { range, turnOf } = useRange();
  const [from, to] = instants(range, Date.now()).map((ms) => ms / 1000) as [number, number];
  const found = useAsk(
    (signal) => ask<Node[]>("/api/v1/query_explain", { query: expr, start: from, end: to, step: stepFor(from, to) }, signal),
    [expr, range.from, range.to, turnOf],
  );
  return (
    <>
      <Failure text={found.error} />
      {found.data && <Plan nodes={found.data} />}
    </>
  );
}

function Plan({ nodes }: { nodes: Node[] }) {
  const all = Math.max(...nodes.map((node) => node.milliseconds ?? 0)) || 1;
  return (
    <table class="planned">
      <thead>
        <tr>
          <th>What is done</th>
          <th class="right">rows</th>
          <th class="right">samples read</th>
          <th class="right">time</th>
        </tr>
      </thead>
      <tbody>
        {nodes.map((node, i) => (
          <tr key={i}>
            <td style={{ paddingLeft: `${0.6 + node.depth * 1.2}em` }}>
              <code>{node.text}</code>
            </td>
            <td class="right number">{node.rows?.toLocaleString() ?? ""}</td>
            <td class="right number">{node.samples?.toLocaleString() ?? ""}</td>
            <td class="right number">
              <meter min={0} max={all} value={node.milliseconds ?? 0} /> {node.milliseconds === null ? "" : `${node.milliseconds.toFixed(1)} ms`}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
