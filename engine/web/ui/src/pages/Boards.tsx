import { listed } from "../lib/boards";
import { useAsk } from "../lib/ask";
import { turn, usePlace } from "../lib/route";
import { Badge, Empty, Failure, Filter } from "../parts/small";

export function Boards() {
  const { params } = usePlace();
  const text = params.get("q") ?? "";
  const found = useAsk(listed, [], 10_000);
  const seen = (found.data ?? []).filter((one) => `${one.title} ${one.folder} ${one.tags}`.toLowerCase().includes(text.toLowerCase()));
  const folders = Map.groupBy(seen, (one) => one.folder || "General");
  return (
    <main>
      <header class="head">
        <h1>Dashboards</h1>
        <Filter value={text} name="Filter by title, folder or tag" onInput={(q) => turn({ q: q || undefined }, true)} />
      </header>
      <Failure text={found.error} />
      {[...folders].map(([folder, boards]) => (
        <section class="card" key={folder}>
          <h2>{folder}</h2>
          {boards.map((one) => (
            <div class="rule" key={one.uid + one.title}>
              <div class="line">
                {one.problem ? <strong>{one.title}</strong> : <a href={one.url.replace(/^\//, "")}>{one.title}</a>}
                {one.tags.map((tag) => <Badge tone="plain" key={tag}>{tag}</Badge>)}
              </div>
              <Failure text={one.problem} />
            </div>
          ))}
        </section>
      ))}
      {found.data && !seen.length && <Empty>{text ? "No dashboard has that." : <>No dashboards: put a <code>grafana/provisioning</code> folder beside prometheus.yml.</>}</Empty>}
    </main>
  );
}
