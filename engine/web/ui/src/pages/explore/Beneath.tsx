import { useMemo } from "preact/hooks";
import { useAsk } from "../../lib/ask";
import { type Labels, matchersText } from "../../lib/labels";
import { streams } from "../../lib/loki";
import { useRange } from "../../lib/range";
import { instants } from "../../lib/time";
import { Empty, Failure, LabelSet } from "../../parts/small";
import { Found } from "../logs/Found";

/** What all series have in common, and what the expression itself asks for: labels that streams may have too. */
export function candidates(all: Labels[], expr: string): Labels {
  const shared: Labels = {};
  for (const [, name, value] of expr.matchAll(/([a-zA-Z_]\w*)\s*=\s*"([^"\\]*)"/g)) shared[name!] = value!;
  for (const [name, value] of Object.entries(all[0] ?? {})) {
    if (name !== "__name__" && all.every((labels) => labels[name] === value)) shared[name] = value;
  }
  return shared;
}

/** The labels that some stream has with these values, as many as one stream has together. */
export function common(labels: Labels, all: Labels[]): Labels {
  let left = all;
  const kept: Labels = {};
  for (const [name, value] of Object.entries(labels)) {
    const having = left.filter((one) => one[name] === value);
    if (!having.length) continue;
    kept[name] = value;
    left = having;
  }
  return kept;
}

/** The lines of the same labels and the same time as a graph. */
export function Beneath({ labels }: { labels: Labels }) {
  const { range, turnOf } = useRange();
  const [from, to] = useMemo(() => instants(range, Date.now()), [range.from, range.to, turnOf]);
  const found = useAsk((signal) => streams(from, to, signal), [from, to]);
  const kept = common(labels, found.data ?? []);
  if (!found.data) return <Failure text={found.error} />;
  if (!found.data.length) return <Empty>No stream has lines in this span.</Empty>;
  if (!Object.keys(kept).length) return <Empty>No stream has a label of these series: choose one at <a href={`logs?${new URLSearchParams(range as unknown as Record<string, string>)}`}>Logs</a>.</Empty>;
  return (
    <section aria-label="Logs of this time">
      <h3>Logs of <LabelSet labels={kept} /></h3>
      <Found query={matchersText(kept)} />
    </section>
  );
}
