import { useMemo, useState } from "preact/hooks";
import { useAsk } from "../../lib/ask";
import { colour } from "../../lib/colours";
import { matchersText } from "../../lib/labels";
import { sought } from "../../lib/logql";
import { type LogLine, type Stream, linesOf, logs } from "../../lib/loki";
import { grid, stepFor } from "../../lib/matrix";
import { useRange } from "../../lib/range";
import { useSetting } from "../../lib/settings";
import { instants } from "../../lib/time";
import { Copy } from "../../parts/Copy";
import { Plot } from "../../parts/Plot";
import { Empty, Failure } from "../../parts/small";
import { Lines } from "./Lines";

const LIMIT = 500;
const MOST_AT_ONCE = 5000;

/** What a query of lines or over lines has found on the span; `permanent` where the query stands in the address. */
export function Found({ query, permanent }: { query: string; permanent?: boolean }) {
  const { range, turnOf, choose } = useRange();
  const [order, setOrder] = useSetting("logs.order", "backward");
  const [from, to] = useMemo(() => instants(range, Date.now()), [range.from, range.to, turnOf]);
  const step = stepFor(from / 1000, to / 1000, 200);
  const found = useAsk(
    (signal) => logs(query, from, to, LIMIT, order, signal, step).then((answer) => ({ answer, asked: { query, from, to, order } })),
    [query, from, to, order],
  );
  const answer = found.data?.answer;
  if (answer && answer.resultType !== "streams") {
    const series = answer.resultType === "matrix" ? answer.result : answer.result.map((one) => ({ metric: one.metric, values: [one.value] }));
    const first = Math.floor(from / 1000 / step) * step;
    const shown = grid(series, first, to / 1000, step);
    return (
      <>
        <Failure text={found.error} />
        {!series.length && <Empty>Nothing in this span.</Empty>}
        <Plot times={shown.times} lines={shown.lines} span={[from, to]} height={320} group="explore" onSpan={(a, b) => choose({ from: String(a), to: String(b) })} />
      </>
    );
  }
  return (
    <>
      <Failure text={found.error} />
      {answer && <Volume query={query} from={from} to={to} />}
      {answer && <Pages key={JSON.stringify(found.data!.asked)} answer={answer.result} asked={found.data!.asked} onOrder={setOrder} permanent={permanent} />}
      {!answer && !found.error && <div class="waiting" aria-busy="true" />}
    </>
  );
}

interface Asked {
  query: string;
  from: number;
  to: number;
  order: string;
}

/** The lines, and more of them when asked. */
function Pages({ answer, asked, onOrder, permanent }: { answer: Stream[]; asked: Asked; onOrder: (order: string) => void; permanent?: boolean }) {
  const newest = asked.order === "backward";
  const [lines, setLines] = useState(() => linesOf(answer, newest));
  const [failure, setFailure] = useState<string>();
  const [wrap, setWrap] = useSetting("logs.wrap", "1");
  const [whole, setWhole] = useState(lines.length < LIMIT);
  const [busy, setBusy] = useState(false);
  const more = () => {
    setBusy(true);
    further(lines, asked)
      .then((fresh) => {
        setLines([...lines, ...fresh]);
        setWhole(!fresh.length);
      })
      .catch((error: Error) => setFailure(error.message))
      .finally(() => setBusy(false));
  };
  const mark = useMemo(() => sought(asked.query), [asked.query]);
  return (
    <>
      <p class="foot">
        {lines.length}{whole ? " lines" : ` lines, the ${newest ? "newest" : "oldest"} of them`}
        <label>
          <input type="checkbox" checked={newest} onChange={(e) => onOrder(e.currentTarget.checked ? "backward" : "forward")} /> newest first
        </label>
        <label>
          <input type="checkbox" checked={wrap === "1"} onChange={(e) => setWrap(e.currentTarget.checked ? "1" : "")} /> wrap
        </label>
        {lines.length > 0 && <Copy text={() => lines.map((line) => line.text).join("\n")}>Copy lines</Copy>}
      </p>
      {!lines.length && <Empty>No line in this span. A longer span, or fewer filters?</Empty>}
      <Lines lines={lines} look={{ wrap: wrap === "1", mark, query: asked.query, permanent }} />
      <Failure text={failure} />
      {!whole && <p class="foot"><button type="button" disabled={busy} onClick={more}>{newest ? "Older lines" : "Newer lines"}</button></p>}
    </>
  );
}

/** Those behind the last line; where more share its instant than are told at once, more are asked for. */
async function further(lines: LogLine[], asked: Asked): Promise<LogLine[]> {
  const last = lines.at(-1)!;
  const newest = asked.order === "backward";
  const [from, to] = newest ? [asked.from, String(BigInt(last.ns) + 1n)] : [last.ns, asked.to];
  const known = new Set(lines.map(identity));
  for (let limit = LIMIT; ; limit *= 2) {
    const answer = await logs(asked.query, from, to, Math.min(limit, MOST_AT_ONCE), asked.order);
    const found = answer.resultType === "streams" ? linesOf(answer.result, newest) : [];
    const fresh = found.filter((line) => !known.has(identity(line)));
    if (fresh.length || found.length < limit || limit >= MOST_AT_ONCE) return fresh;
  }
}

const identity = (line: LogLine) => `${line.ns} ${line.text} ${matchersText(line.labels)}`;

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
  const shown = grid(found.data.result, start, to / 1000, step, (all) => all.map((labels) => labels.level || "lines"));
  const lines = shown.lines.map((line, i) => ({ ...line, bars: true, colour: LEVEL_COLOURS[line.name.toLowerCase()] ?? colour(i) }));
  return <Plot times={shown.times} lines={lines} span={[from, to]} height={100} stacked min={0} legend={lines.length > 1 ? "list" : "none"} onSpan={(a, b) => choose({ from: String(a), to: String(b) })} />;
}
