import { useEffect, useMemo, useState } from "preact/hooks";
import { matchersOf } from "../../lib/alerts";
import { useAsk } from "../../lib/ask";
import { matchersText } from "../../lib/labels";
import { streams } from "../../lib/loki";
import { useRange } from "../../lib/range";
import { turn, usePlace } from "../../lib/route";
import { instants } from "../../lib/time";
import { AddToBoard } from "../../parts/AddToBoard";
import { Copy } from "../../parts/Copy";
import { Editor } from "../../parts/Editor";
import { Empty, Failure, LabelSet } from "../../parts/small";
import { common } from "../explore/Beneath";
import { Followed } from "./Followed";
import { Found } from "./Found";

/** Lines of logs on the same span as the metrics. */
export function Logs() {
  const { params } = usePlace();
  const query = params.get("q") ?? "";
  const like = params.get("like");
  const [draft, setDraft] = useState(query);
  const [adding, add] = useState(false);
  const live = params.get("live") === "1";
  const run = (text: string) => turn({ q: text.trim() || undefined });
  return (
    <main class="explore">
      <h1 class="hidden">Logs</h1>
      <section class="card panel">
        <div class="ask">
          <Editor language="logql" label="Log query" value={query} onRun={run} onInput={setDraft} />
          <button type="button" class="primary" onClick={() => run(draft)}>Run</button>
          <button type="button" aria-pressed={live} onClick={() => turn({ live: live ? undefined : "1" }, true)}>{live ? "Stop" : "Live"}</button>
        </div>
        {query && (
          <p class="actions">
            <button type="button" onClick={() => add(true)}>Add to dashboard</button>
            <Copy text={() => location.href}>Copy link</Copy>
          </p>
        )}
        {adding && <AddToBoard query={query} source="loki" kind={query.trim().startsWith("{") ? "logs" : "timeseries"} onClose={() => add(false)} />}
        {!query && <Streams like={like} />}
        {query && live && <Followed query={query} />}
        {query && !live && <Found query={query} permanent />}
      </section>
    </main>
  );
}

/** What there is, to begin with; with the labels of a graph, that of them which streams have is asked for. */
function Streams({ like }: { like: string | null }) {
  const { range, turnOf } = useRange();
  const [from, to] = useMemo(() => instants(range, Date.now()), [range.from, range.to, turnOf]);
  const found = useAsk((signal) => streams(from, to, signal), [from, to]);
  useEffect(() => {
    if (!like || !found.data) return;
    const wanted = Object.fromEntries((matchersOf(like) ?? []).map((one) => [one.name, one.value]));
    const kept = common(wanted, found.data);
    turn({ like: undefined, q: Object.keys(kept).length ? matchersText(kept) : undefined }, true);
  }, [like, found.data]);
  if (found.error) return <Failure text={/404/.test(found.error) ? "No logs are kept here: give the engine a loki configuration." : found.error} />;
  return (
    <div class="starts">
      <h2>{found.data?.length ? "Streams of this time" : ""}</h2>
      {found.data?.slice(0, 100).map((labels) => (
        <a key={matchersText(labels)} href={`logs?${new URLSearchParams({ q: matchersText(labels), from: range.from, to: range.to })}`}>
          <LabelSet labels={labels} />
        </a>
      ))}
      {found.data && !found.data.length && <Empty>No stream has lines in this span.</Empty>}
    </div>
  );
}
