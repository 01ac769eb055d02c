import { useEffect, useMemo, useState } from "preact/hooks";
import { whole } from "../lib/api";
import { useAsk } from "../lib/ask";
import { colour } from "../lib/colours";
import { type Labels, matchersText } from "../lib/labels";
import { type LogLine, follow, levelOf, linesOf, logs } from "../lib/loki";
import { grid, stepFor } from "../lib/matrix";
import { useRange } from "../lib/range";
import { turn, usePlace } from "../lib/route";
import { useSetting } from "../lib/settings";
import { instants, momentText, timeText } from "../lib/time";
import { Editor } from "../parts/Editor";
import { Plot } from "../parts/Plot";
import { Empty, Failure, LabelSet } from "../parts/small";

const LIMIT = 500;
const MOST_FOLLOWED = 1000;

/** Lines of logs on the same span as the metrics. */
export function Logs() {
  const { params } = usePlace();
  const query = params.get("q") ?? "";
  const [draft, setDraft] = useState(query);
  const live = params.get("live") === "1";
  const run = (text: string) => turn({ q: text.trim() || undefined });
  return (
    <main class="explore">
      <section class="card panel">
        <div class="ask">
          <Editor language="logql" label="Log query" value={query} onRun={run} onInput={setDraft} />
          <button type="button" class="primary" onClick={() => run(draft)}>Run</button>
          <button type="button" aria-pressed={live} onClick={() => turn({ live: live ? undefined : "1" }, true)}>{live ? "Stop" : "Live"}</button>
        </div>
        {!query && <Streams />}
        {query && live && <Followed query={query} />}
        {query && !live && <Found query={query} />}
      </section>
    </main>
  );
}

/** What there is, to begin with. */
function Streams() {
  const { range, turnOf } = useRange();
  const [from, to] = instants(range, Date.now());
  const found = useAsk(
    (signal) => whole<{ data: Labels[] }>("/loki/api/v1/series", { start: `${Math.round(from)}000000`, end: `${Math.round(to)}000000` }, signal).then((d) => d.data),
    [range.from, range.to, turnOf],
  );
  if (found.error) return <Failure text={/404/.test(found.error) ? "No logs are kept here: give the engine a loki configuration." : found.error} />;
  return (
    <div class="starts">
      <h3>{found.data?.length ? "Streams of this time" : ""}</h3>
      {found.data?.slice(0, 100).map((labels) => (
        <a key={matchersText(labels)} href={`logs?${new URLSearchParams({ q: matchersText(labels), from: range.from, to: range.to })}`}>
          <LabelSet labels={labels} />
        </a>
      ))}
      {found.data && !found.data.length && <Empty>No stream has lines in this span.</Empty>}
    </div>
  );
}

function Found({ query }: { query: string }) {
  const { range, turnOf, choose } = useRange();
  const [newest, setNewest] = useSetting("logs.order", "backward");
  const [from, to] = useMemo(() => instants(range, Date.now()), [range.from, range.to, turnOf]);
  const step = stepFor(from / 1000, to / 1000, 200);
  const found = useAsk((signal) => logs(query, from, to, LIMIT, newest, signal, step), [query, from, to, newest]);
  const answer = found.data;
  if (answer && answer.resultType !== "streams") {
    const series = answer.resultType === "matrix" ? answer.result : answer.result.map((one) => ({ metric: one.metric, values: [one.value] }));
    const first = Math.floor(from / 1000 / step) * step;
    const shown = grid(series, first, to / 1000, step);
    return (
      <>
        <Failure text={found.error} />
        <Plot times={shown.times} lines={shown.lines} span={[from, to]} height={320} onSpan={(a, b) => choose({ from: String(a), to: String(b) })} />
      </>
    );
  }
  const lines = answer ? linesOf(answer.result, newest === "backward") : [];
  return (
    <>
      <Failure text={found.error} />
      {answer && <Volume query={query} from={from} to={to} />}
      <p class="foot">
        {answer && <>{lines.length}{lines.length === LIMIT ? " lines, the limit: narrow the span to see all" : " lines"}</>}
        <label>
          <input type="checkbox" checked={newest === "backward"} onChange={(e) => setNewest(e.currentTarget.checked ? "backward" : "forward")} /> newest first
        </label>
      </p>
      {answer && !lines.length && <Empty>No line in this span. A longer span, or fewer filters?</Empty>}
      <Lines lines={lines} />
    </>
  );
}

const LEVEL_COLOURS: Record<string, string> = { error: "#d0443a", critical: "#a02a7a", fatal: "#a02a7a", warn: "#d08a1f", warning: "#d08a1f", info: "#3f9a5f", debug: "#6f8fb8" };

/** How many lines over time; drag over it to look closer. */
function Volume({ query, from, to }: { query: string; from: number; to: number }) {
  const { choose } = useRange();
  const step = stepFor(from / 1000, to / 1000, 80);
  const start = Math.floor(from / 1000 / step) * step;
  const found = useAsk(
    (signal) => logs(`sum by (level) (count_over_time(${query} [${step}s]))`, start * 1000, to, 100, "forward", signal, step),
    [query, start, to, step],
  );
  if (found.data?.resultType !== "matrix" || !found.data.result.length) return null;
  const shown = grid(found.data.result, start, to / 1000, step, (all) => all.map((labels) => labels.level ?? "lines"));
  const lines = shown.lines.map((line, i) => ({ ...line, bars: true, colour: LEVEL_COLOURS[line.name.toLowerCase()] ?? colour(i) }));
  return <Plot times={shown.times} lines={lines} span={[from, to]} height={110} stacked min={0} legend={lines.length > 1 ? "list" : "none"} onSpan={(a, b) => choose({ from: String(a), to: String(b) })} />;
}

function Followed({ query }: { query: string }) {
  const [lines, setLines] = useState<LogLine[]>([]);
  const [ended, setEnded] = useState<string>();
  const [turnOf, again] = useState(0);
  useEffect(() => {
    setEnded(undefined);
    return follow(query, (fresh) => setLines((old) => [...fresh, ...old].slice(0, MOST_FOLLOWED)), setEnded);
  }, [query, turnOf]);
  return (
    <>
      <p class="foot">
        {ended ? <>Ended: {ended} <button type="button" onClick={() => again((n) => n + 1)}>Again</button></> : <><i class="pulse" /> following, newest first</>}
      </p>
      {!lines.length && !ended && <Empty>Nothing yet.</Empty>}
      <Lines lines={lines} />
    </>
  );
}

interface Look {
  time?: boolean;
  wrap?: boolean;
  labels?: (line: LogLine) => Labels;
}

export function Lines({ lines, look = {} }: { lines: LogLine[]; look?: Look }) {
  const [open, setOpen] = useState<string>();
  const shared = useMemo(() => common(lines), [lines]);
  return (
    <ol class={`lines ${look.wrap === false ? "nowrap" : ""}`}>
      {lines.map((line, i) => {
        const id = `${line.ns}/${i}`;
        return (
          <li key={id} class={levelOf(line)}>
            <button type="button" class="logline" aria-expanded={open === id} onClick={() => setOpen(open === id ? undefined : id)}>
              {look.time !== false && <time title={momentText(line.ms)}>{timeText(line.ms, true)}</time>}
              {look.labels && <LabelSet labels={look.labels(line)} />}
              <span class="text">{line.text}</span>
            </button>
            {open === id && <Detail line={line} shared={shared} />}
          </li>
        );
      })}
    </ol>
  );
}

function common(lines: LogLine[]): Set<string> {
  const first = lines[0]?.labels ?? {};
  return new Set(Object.keys(first).filter((name) => lines.every((line) => line.labels[name] === first[name])));
}

function Detail({ line, shared }: { line: LogLine; shared: Set<string> }) {
  const around = { from: String(line.ms - 30_000), to: String(line.ms + 30_000) };
  const stream = Object.fromEntries(Object.entries(line.labels).filter(([name]) => shared.has(name)));
  const parsed = useMemo(() => jsonOf(line.text), [line.text]);
  return (
    <div class="detail">
      <LabelSet labels={line.labels} />
      {parsed && <pre>{parsed}</pre>}
      <p class="actions">
        <a class="button" href={`logs?${new URLSearchParams({ q: matchersText(Object.keys(stream).length ? stream : line.labels), ...around })}`}>What was around it</a>
        <a class="button" href={`graph?${new URLSearchParams({ "g0.expr": `up${matchersText(pick(line.labels, ["job", "instance"]))}`, from: String(line.ms - 1_800_000), to: String(line.ms + 1_800_000) })}`}>Metrics of this time</a>
        <button type="button" onClick={() => navigator.clipboard?.writeText(line.text)}>Copy</button>
        <span class="quiet">{line.ns}</span>
      </p>
    </div>
  );
}

function pick(labels: Labels, names: string[]): Labels {
  return Object.fromEntries(Object.entries(labels).filter(([name]) => names.includes(name)));
}

function jsonOf(text: string): string | undefined {
  if (!/^\s*[{[]/.test(text)) return undefined;
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return undefined;
  }
}
