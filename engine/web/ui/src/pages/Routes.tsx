import { useState } from "preact/hooks";
import { matchersOf } from "../lib/alerts";
import { sent, whole } from "../lib/api";
import { useAsk } from "../lib/ask";
import { turn, usePlace } from "../lib/route";
import { Ago, Badge, Empty, Failure, Filter, type Tone } from "../parts/small";

interface Route {
  receiver: string;
  matchers: string[];
  groupBy: string[];
  groupWait: string;
  groupInterval: string;
  repeatInterval: string;
  continue: boolean;
  muteTimeIntervals: string[];
  activeTimeIntervals: string[];
  matches: boolean;
  routes: Route[];
}

/** Who is told of what: the tree of routes, its receivers, and what was not sent. */
export function Routes() {
  const { params } = usePlace();
  const text = params.get("labels") ?? "";
  const labels = (matchersOf(text) ?? []).map((one) => `${one.name}=${one.value}`);
  const found = useAsk((signal) => whole<Route>("/api/v2/routes", { label: labels }, signal), [text]);
  return (
    <main>
      <header class="head">
        <h1>Routes</h1>
        <Filter value={text} name="Whom would an alert reach? severity=critical, team=db" onInput={(value) => turn({ labels: value || undefined }, true)} />
      </header>
      <Failure text={found.error} />
      {found.data && (
        <section class="card">
          <ul class="tree"><Node route={found.data} asked={labels.length > 0} parent={undefined} /></ul>
        </section>
      )}
      <Receivers />
      <Withheld />
    </main>
  );
}

function Node({ route, asked, parent }: { route: Route; asked: boolean; parent?: Route }) {
  const differs = (pick: (r: Route) => string) => !parent || pick(parent) !== pick(route);
  const times: [string, string][] = [
    ["waits", route.groupWait],
    ["then each", route.groupInterval],
    ["again after", route.repeatInterval],
  ];
  const was = parent && [parent.groupWait, parent.groupInterval, parent.repeatInterval];
  return (
    <li>
      <div class={`node ${asked && route.matches ? "hit" : ""}`}>
        <span>{route.matchers.length ? <code>{route.matchers.join(", ")}</code> : <span class="quiet">everything{parent ? "" : " else"}</span>} → <b>{route.receiver}</b> {asked && route.matches && <Badge tone="good">is told</Badge>}</span>
        <small>
          {differs((r) => r.groupBy.join()) && <>grouped by {route.groupBy.join(", ") || "nothing"}. </>}
          {times.filter(([, value], i) => value !== was?.[i]).map(([name, value]) => `${name} ${value}`).join(", ")}
          {route.continue && " goes on to the next"}
          {route.muteTimeIntervals.length > 0 && ` muted in ${route.muteTimeIntervals.join(", ")}`}
          {route.activeTimeIntervals.length > 0 && ` only in ${route.activeTimeIntervals.join(", ")}`}
        </small>
      </div>
      {route.routes.length > 0 && <ul>{route.routes.map((child, i) => <Node key={i} route={child} asked={asked} parent={route} />)}</ul>}
    </li>
  );
}

interface Tried {
  integration: string;
  outcome: string;
  address: string;
  payload: string;
  answer: string;
  error: string;
}

const OUTCOMES: Record<string, Tone> = { delivered: "good", withheld: "warn", failed: "bad" };

function Receivers() {
  const found = useAsk((signal) => whole<{ name: string }[]>("/api/v2/receivers", {}, signal), []);
  return (
    <section class="card">
      <h2>Receivers <small>a test sends one marked notification, as a real one would be sent</small></h2>
      {found.data?.map((one) => <Receiver key={one.name} name={one.name} />)}
    </section>
  );
}

function Receiver({ name }: { name: string }) {
  const [tried, setTried] = useState<Tried[]>();
  const [failure, setFailure] = useState<string>();
  const [busy, setBusy] = useState(false);
  const test = () => {
    setBusy(true);
    sent<Tried[]>("POST", `/api/v2/receivers/${encodeURIComponent(name)}/test`)
      .then(setTried, (error: Error) => setFailure(error.message))
      .finally(() => setBusy(false));
  };
  return (
    <div class="rule">
      <div class="line">
        <strong>{name}</strong> <span class="grow" />
        <button type="button" disabled={busy} onClick={test}>Test</button>
      </div>
      <Failure text={failure} />
      {tried?.length === 0 && <Empty>It has no integration: nobody is told.</Empty>}
      {tried?.map((one, i) => (
        <div class="detail" key={i}>
          <p class="line"><Badge tone={OUTCOMES[one.outcome] ?? "plain"}>{one.outcome}</Badge> {one.integration} <code>{one.address}</code></p>
          <Failure text={one.error} />
          {one.answer && <pre>{one.answer}</pre>}
          <details><summary>What was sent</summary><pre>{one.payload}</pre></details>
        </div>
      ))}
    </div>
  );
}

interface Kept {
  time: string;
  receiver: string;
  integration: string;
  address: string;
  payload: string;
}

function Withheld() {
  const found = useAsk((signal) => whole<Kept[]>("/api/v2/notifications/withheld", {}, signal), [], 5000);
  if (!found.data?.length) return null;
  return (
    <section class="card">
      <h2>Not sent beyond this machine <small>--deliver sends them</small></h2>
      {found.data.toReversed().slice(0, 100).map((one, i) => (
        <details key={i} class="rule">
          <summary>{one.receiver} / {one.integration} <code>{one.address}</code> <small><Ago ms={Date.parse(one.time)} /></small></summary>
          <pre>{one.payload}</pre>
        </details>
      ))}
    </section>
  );
}
