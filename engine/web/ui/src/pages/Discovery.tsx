import { get } from "../lib/api";
import { useAsk } from "../lib/ask";
import { turn, usePlace } from "../lib/route";
import { Badge, Empty, Failure, Filter, LabelSet } from "../parts/small";
import type { Told } from "./Targets";

const MOST = 200;

/** What the sources tell, what becomes a target of it, and what relabelling drops. */
export function Discovery() {
  const { params } = usePlace();
  const text = params.get("q") ?? "";
  const found = useAsk((signal) => get<Told>("/api/v1/targets", {}, signal), [], 10_000);
  const faults = useAsk((signal) => get<{ failing: { source: string; error: string }[] }>("/api/v1/status/discovery", {}, signal), [], 10_000);
  const has = (labels: object) => JSON.stringify(labels).toLowerCase().includes(text.toLowerCase());
  const active = (found.data?.activeTargets ?? []).filter((one) => has(one.discoveredLabels));
  const dropped = (found.data?.droppedTargets ?? []).filter((one) => has(one.discoveredLabels));
  return (
    <main>
      <header class="head">
        <h1>Service discovery</h1>
        <Filter value={text} name="Filter by discovered label" onInput={(q) => turn({ q: q || undefined }, true)} />
      </header>
      <Failure text={found.error} />
      {faults.data?.failing.map((one) => <Failure key={one.source} text={`${one.source}: ${one.error} (its last targets are kept)`} />)}
      <section class="card">
        <h2>Became targets <small>{active.length}</small></h2>
        <table>
          <thead><tr><th>discovered</th><th>after relabelling</th></tr></thead>
          <tbody>
            {active.slice(0, MOST).map((one, i) => (
              <tr key={i}><td><LabelSet labels={one.discoveredLabels} /></td><td><LabelSet labels={one.labels} /></td></tr>
            ))}
          </tbody>
        </table>
        {active.length > MOST && <p class="foot">The first {MOST}; filter to see others.</p>}
      </section>
      <section class="card">
        <h2>Dropped by relabelling <small>{dropped.length}</small></h2>
        {dropped.slice(0, MOST).map((one, i) => <p key={i}><Badge tone="quiet">dropped</Badge> <LabelSet labels={one.discoveredLabels} /></p>)}
        {found.data && !dropped.length && <Empty>None.</Empty>}
      </section>
    </main>
  );
}
