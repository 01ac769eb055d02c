import { get } from "../lib/api";
import { useAsk } from "../lib/ask";
import { isAgent } from "../lib/here";
import type { Labels } from "../lib/labels";
import { useRange } from "../lib/range";
import { turn, useOpen, usePlace } from "../lib/route";
import { instants, momentText, spanText } from "../lib/time";
import { Copy } from "../parts/Copy";
import { Ago, Badge, Empty, Failure, Filter, LabelSet, Tabs, type Tone } from "../parts/small";
import { bytes, sample } from "../lib/numbers";

interface Target {
  discoveredLabels: Labels;
  labels: Labels;
  scrapePool: string;
  scrapeUrl: string;
  globalUrl: string;
  lastError: string;
  lastScrape: string;
  lastScrapeDuration: number;
  health: "up" | "down" | "unknown";
  scrapeInterval: string;
  scrapeTimeout: string;
}

export interface Told {
  activeTargets: Target[];
  droppedTargets: { discoveredLabels: Labels }[];
}

const HEALTH: Record<string, Tone> = { up: "good", down: "bad", unknown: "quiet" };
type Which = "all" | "down";

export function Targets() {
  const { params } = usePlace();
  const text = params.get("q") ?? "";
  const which = (params.get("show") ?? "all") as Which;
  const found = useAsk((signal) => get<Told>("/api/v1/targets", { state: "active" }, signal), [], 5000);
  const { range, turnOf } = useRange();
  const history = useAsk((signal) => (isAgent ? Promise.resolve(undefined) : ups(...instants(range, Date.now()), signal)), [range.from, range.to, turnOf], 15_000);
  const seen = (found.data?.activeTargets ?? []).filter(
    (one) => (which === "all" || one.health !== "up") && `${one.scrapePool} ${one.scrapeUrl} ${JSON.stringify(one.labels)} ${one.lastError}`.toLowerCase().includes(text.toLowerCase()),
  );
  const pools = Map.groupBy(seen, (one) => one.scrapePool);
  return (
    <main>
      <header class="head">
        <h1>Targets</h1>
        <Tabs all={[["all", "All"], ["down", "Not up"]]} chosen={which} onChoose={(show) => turn({ show: show === "all" ? undefined : show }, true)} />
        <Filter value={text} name="Filter by label, address or error" onInput={(q) => turn({ q: q || undefined }, true)} />
      </header>
      <Failure text={found.error} />
      {[...pools].map(([pool, targets]) => (
        <section class="card" key={pool}>
          <h2>
            {pool} <small>{targets.filter((one) => one.health === "up").length} of {targets.length} up, each {targets[0]!.scrapeInterval}</small>
          </h2>
          {targets.map((one) => (
            <Row key={one.scrapeUrl + JSON.stringify(one.labels)} one={one} past={history.data?.get(key(one.labels))} />
          ))}
        </section>
      ))}
      {found.data && !seen.length && <Empty>{which === "down" ? "All targets are up." : "No target has that."}</Empty>}
    </main>
  );
}

function Row({ one, past }: { one: Target; past?: Looks }) {
  const [open, flip] = useOpen(one.scrapePool + one.scrapeUrl);
  return (
    <div class="target">
      <button type="button" class="line" aria-expanded={open} onClick={flip}>
        <Badge tone={HEALTH[one.health]!}>{one.health}</Badge>
        <span class="address">{one.scrapeUrl}</span>
        <LabelSet labels={one.labels} skip={["job"]} />
        <span class="grow" />
        {past && <Past past={past} />}
        <small>{one.health === "unknown" ? "not yet asked" : <><Ago ms={Date.parse(one.lastScrape)} />, {(one.lastScrapeDuration * 1000).toFixed(1)} ms</>}</small>
      </button>
      <Failure text={one.lastError} />
      {open && (
        <div class="detail">
          <p class="actions">
            {!isAgent && <a class="button" href={`graph?g0.expr=${encodeURIComponent(`scrape_samples_scraped{instance=${JSON.stringify(one.labels.instance ?? "")},job=${JSON.stringify(one.labels.job ?? "")}}`)}`}>Samples over time</a>}
            <a class="button" data-away target="_blank" rel="noreferrer" href={one.globalUrl}>Its page</a>
            {!isAgent && <a class="button" href={`graph?g0.expr=${encodeURIComponent(`scrape_duration_seconds{instance=${JSON.stringify(one.labels.instance ?? "")},job=${JSON.stringify(one.labels.job ?? "")}}`)}`}>Duration over time</a>}
            <Copy text={() => one.scrapeUrl}>Copy address</Copy>
            <span class="quiet">asked each {one.scrapeInterval}, for {one.scrapeTimeout} at most</span>
          </p>
          <h3>As it was discovered</h3>
          <LabelSet labels={one.discoveredLabels} />
          <Page one={one} />
        </div>
      )}
    </div>
  );
}

interface Look {
  error: string;
  contentType?: string;
  size?: number;
  firstLine: number;
  badLine: number;
  text?: string;
  cut?: boolean;
}

/** What the target answers right now, and where that stops to be readable. */
function Page({ one }: { one: Target }) {
  const found = useAsk((signal) => get<Look>("/api/v1/targets/page", { scrapePool: one.scrapePool, scrapeUrl: one.scrapeUrl }, signal), [one.scrapePool, one.scrapeUrl]);
  const look = found.data;
  if (!look) return <Failure text={found.error} />;
  const bad = look.badLine - look.firstLine;
  return (
    <>
      <h3>What it answers now {look.size !== undefined && <small>{bytes(look.size)}, {look.contentType || "without a content type"}</small>}</h3>
      <Failure text={look.error && (look.badLine ? `line ${look.badLine}: ${look.error}` : look.error)} />
      {look.text !== undefined && (
        <pre class="rawpage" tabIndex={0}>
          {look.text.split("\n").map((text, i) => (
            <div key={i} class={look.badLine && i === bad ? "badline" : ""}><i>{look.firstLine + i}</i>{text}</div>
          ))}
          {look.cut && <div><i>…</i></div>}
        </pre>
      )}
    </>
  );
}

const key = (labels: Labels) => `${labels.job}\n${labels.instance}`;

/** Whether it was up, each so many ms from a first instant; undefined where nobody asked. */
interface Looks {
  from: number;
  step: number;
  ups: (boolean | undefined)[];
}

const LOOKS = 40;

/** Forty looks at `up` over the span: down where it was down at any time since the look before. */
async function ups(from: number, to: number, signal: AbortSignal): Promise<Map<string, Looks>> {
  const step = Math.max(1, Math.ceil((to - from) / 1000 / LOOKS));
  const end = Math.ceil(to / 1000 / step) * step;
  const start = end - (LOOKS - 1) * step;
  const found = await get<{ result: { metric: Labels; values: [number, string][] }[] }>("/api/v1/query_range", { query: `min_over_time(up[${step}s])`, start, end, step }, signal);
  const looks = (values: [number, string][]): Looks => {
    const ups: (boolean | undefined)[] = new Array(LOOKS).fill(undefined);
    for (const [at, value] of values) ups[Math.round((at - start) / step)] = sample(value) === 1;
    return { from: start * 1000, step: step * 1000, ups };
  };
  return new Map(found.result.map((one) => [key(one.metric), looks(one.values)]));
}

function Past({ past }: { past: Looks }) {
  const known = past.ups.filter((up) => up !== undefined);
  const down = known.filter((up) => !up).length;
  const told = down ? `down in ${down} of ${known.length} looks, ${spanText(past.step)} each` : `always up in this span`;
  return (
    <svg class="past" viewBox={`0 0 ${past.ups.length * 4} 12`} role="img" aria-label={told}>
      <title>{told}</title>
      {past.ups.map((up, i) => up !== undefined && (
        <rect key={i} class={up ? "good" : "bad"} x={i * 4} y={up ? 4 : 0} width="3" height={up ? 8 : 12}>
          <title>{`${up ? "up" : "down"} until ${momentText(past.from + i * past.step)}`}</title>
        </rect>
      ))}
    </svg>
  );
}
