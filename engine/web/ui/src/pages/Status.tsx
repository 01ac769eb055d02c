import { get } from "../lib/api";
import { useAsk } from "../lib/ask";
import { isAgent } from "../lib/here";
import { turn, usePlace } from "../lib/route";
import { Forwarding } from "../parts/Forwarding";
import { Failure, Tabs } from "../parts/small";
import { momentText } from "../lib/time";

type Tab = "runtime" | "store" | "forwarding" | "config" | "flags";

const ALL: [Tab, string][] = [
  ["runtime", "Runtime"],
  ["store", "Store"],
  ["forwarding", "Forwarding"],
  ["config", "Configuration"],
  ["flags", "Flags"],
];

const TABS = ALL.filter(([tab]) => !isAgent || (tab !== "store" && tab !== "forwarding"));

export function Status() {
  const { params } = usePlace();
  const tab = (params.get("tab") ?? "runtime") as Tab;
  return (
    <main>
      <header class="head">
        <h1>Status</h1>
        <Tabs all={TABS} chosen={tab} onChoose={(next) => turn({ tab: next === "runtime" ? undefined : next }, true)} />
      </header>
      {tab === "runtime" && <Pairs path="/api/v1/status/runtimeinfo" more="/api/v1/status/buildinfo" />}
      {tab === "flags" && <Pairs path="/api/v1/status/flags" />}
      {tab === "config" && <Config />}
      {tab === "store" && <Cardinality />}
      {tab === "forwarding" && <Forwarding />}
    </main>
  );
}

function Pairs({ path, more }: { path: string; more?: string }) {
  const found = useAsk((signal) => get<Record<string, unknown>>(path, {}, signal), [path]);
  const other = useAsk((signal) => (more ? get<Record<string, unknown>>(more, {}, signal) : Promise.resolve({})), [more]);
  const all = Object.entries({ ...found.data, ...other.data }).filter(([, value]) => value !== "");
  return (
    <section class="card">
      <Failure text={found.error} />
      <table class="pairs">
        <tbody>
          {all.map(([name, value]) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td>{shown(value)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function shown(value: unknown): string {
  const text = String(value);
  return /^\d{4}-\d\d-\d\dT/.test(text) ? momentText(Date.parse(text)) : text;
}

function Config() {
  const found = useAsk((signal) => get<{ yaml: string }>("/api/v1/status/config", {}, signal), []);
  return (
    <section class="card">
      <Failure text={found.error} />
      <pre>{found.data?.yaml}</pre>
    </section>
  );
}

interface Counted {
  name: string;
  value: number;
}

interface Store {
  headStats: { numSeries: number; numLabelPairs: number; chunkCount: number; minTime: number; maxTime: number };
  seriesCountByMetricName: Counted[];
  labelValueCountByLabelName: Counted[];
  memoryInBytesByLabelName: Counted[];
  seriesCountByLabelValuePair: Counted[];
}

function Cardinality() {
  const found = useAsk((signal) => get<Store>("/api/v1/status/tsdb", { limit: 15 }, signal), [], 15_000);
  const data = found.data;
  return (
    <>
      <Failure text={found.error} />
      {data && (
        <>
          <section class="card figures">
            <p><b>{data.headStats.numSeries.toLocaleString()}</b> series</p>
            <p><b>{data.headStats.numLabelPairs.toLocaleString()}</b> label pairs</p>
            <p><b>{data.headStats.chunkCount.toLocaleString()}</b> parts</p>
            <p><b>{data.headStats.minTime > 0 ? momentText(data.headStats.minTime) : "–"}</b> the oldest sample</p>
          </section>
          <div class="columns">
            <Bars title="Series by metric" rows={data.seriesCountByMetricName} link={(name) => `graph?g0.expr=${encodeURIComponent(name)}&g0.tab=1`} />
            <Bars title="Values by label" rows={data.labelValueCountByLabelName} />
            <Bars title="Series by label and value" rows={data.seriesCountByLabelValuePair} />
            <Bars title="Bytes by label" rows={data.memoryInBytesByLabelName} />
          </div>
        </>
      )}
    </>
  );
}

function Bars({ title, rows, link }: { title: string; rows: Counted[]; link?: (name: string) => string }) {
  const most = Math.max(1, ...rows.map((row) => row.value));
  return (
    <section class="card">
      <h2>{title}</h2>
      <table class="bars">
        <tbody>
          {rows.map((row) => (
            <tr key={row.name}>
              <td>{link ? <a href={link(row.name)}>{row.name}</a> : row.name}</td>
              <td class="right number">{row.value.toLocaleString()}</td>
              <td class="bar"><meter min={0} max={most} value={row.value} aria-label={row.name} /></td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
