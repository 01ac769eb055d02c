import { useMemo } from "preact/hooks";
import { type Group, type Managed, type Rule, type RuleAlert, groups, managed, matching, silenceText, trail } from "../lib/alerts";
import { about } from "../lib/about";
import { useAsk } from "../lib/ask";
import { get } from "../lib/api";
import { type Labels, matchersText } from "../lib/labels";
import { stepFor } from "../lib/matrix";
import { useRange } from "../lib/range";
import { exact } from "../lib/numbers";
import { fitting } from "../lib/links";
import { turn, useOpen, usePlace } from "../lib/route";
import { instants, momentText, spanText } from "../lib/time";
import { Copy } from "../parts/Copy";
import { Ago, Badge, Empty, Failure, Filter, LabelSet, type Tone } from "../parts/small";

const EVERY = 5000;
const TONES: Record<string, Tone> = { firing: "bad", pending: "warn", inactive: "good", active: "bad", suppressed: "quiet", resolved: "good" };

/** One alert as both sides see it: the rule that made it, and the Alertmanager that tells of it. */
interface Shown {
  rule?: Rule;
  said?: RuleAlert;
  told?: Managed;
  labels: Labels;
  annotations: Labels;
  state: string;
  since: string;
}

export function Alerts() {
  const { params } = usePlace();
  const text = params.get("q") ?? params.get("filter") ?? "";
  const receiver = params.get("receiver");
  const rules = useAsk((signal) => (about.component === "prometheus" ? groups(signal) : Promise.resolve([] as Group[])), [], EVERY);
  const known = useAsk(managed, [], EVERY);
  const all = joined(rules.data ?? [], known.data ?? []);
  const fit = useMemo(() => fitting(text), [text]);
  const seen = all.filter((one) => fit(one.labels, one.state) && (!receiver || one.told?.receivers.some((to) => to.name === receiver)));
  const quiet = (rules.data ?? []).flatMap((g) => g.rules).filter((r) => r.type === "alerting" && r.state === "inactive");
  return (
    <main>
      <header class="head">
        <h1>Alerts</h1>
        <Counts all={all} />
        {receiver && <button type="button" onClick={() => turn({ receiver: undefined })}>told to {receiver} ✕</button>}
        <Filter value={text} name='Filter by label or state, or {job="api"}' onInput={(q) => turn({ q: q || undefined, filter: undefined }, true)} />
      </header>
      <Failure text={rules.error ?? known.error} />
      {seen.map((one) => (
        <Row key={matchersText(one.labels)} one={one} />
      ))}
      {rules.data && known.data && !seen.length && <Empty>{all.length ? "None of the alerts has that." : "All quiet: no alert is pending or firing."}</Empty>}
      {quiet.length > 0 && !text && (
        <details class="card">
          <summary>{quiet.length} alerting rules have nothing to tell</summary>
          <ul class="plain">
            {quiet.map((rule) => (
              <li key={rule.name + rule.query}>
                <a href={`rules?q=${encodeURIComponent(rule.name)}`}>{rule.name}</a> <code>{rule.query}</code>
              </li>
            ))}
          </ul>
        </details>
      )}
    </main>
  );
}

function Counts({ all }: { all: Shown[] }) {
  const count = (state: string) => all.filter((one) => one.state === state).length;
  return (
    <span class="counts">
      {["firing", "active", "pending", "suppressed"].map((state) => count(state) > 0 && (
        <Badge key={state} tone={TONES[state]!}>{count(state)} {state}</Badge>
      ))}
    </span>
  );
}

/** By labels: the Alertmanager has those of the rule and the external ones. */
function joined(groups: Group[], known: Managed[]): Shown[] {
  const left = new Set(known);
  const all: Shown[] = [];
  for (const rule of groups.flatMap((group) => group.rules)) {
    for (const said of rule.alerts ?? []) {
      const told = known.find((one) => covers(one.labels, said.labels));
      if (told) left.delete(told);
      const state = told?.status.state === "suppressed" && said.state === "firing" ? "suppressed" : said.state;
      all.push({ rule, said, told, labels: said.labels, annotations: said.annotations, state, since: said.activeAt });
    }
  }
  for (const told of left) all.push({ told, labels: told.labels, annotations: told.annotations, state: told.status.state, since: told.startsAt });
  const order = ["firing", "active", "pending", "suppressed"];
  return all.sort((a, b) => order.indexOf(a.state) - order.indexOf(b.state));
}

function covers(all: Labels, some: Labels): boolean {
  return Object.entries(some).every(([name, value]) => all[name] === value);
}

function Row({ one }: { one: Shown }) {
  const [open, flip] = useOpen(one.told?.fingerprint ?? matchersText(one.labels));
  const name = one.labels.alertname ?? "(no name)";
  return (
    <article class={`card alert ${TONES[one.state] ?? "plain"}`}>
      <button type="button" class="line" aria-expanded={open} onClick={flip}>
        <Badge tone={TONES[one.state] ?? "plain"}>{one.state}</Badge>
        <strong>{name}</strong>
        <LabelSet labels={one.labels} skip={["alertname"]} />
        <span class="grow" />
        <span class="quiet">since <Ago ms={Date.parse(one.since)} /></span>
      </button>
      <p class="summary">{one.annotations.summary ?? one.annotations.description}</p>
      {open && <Detail one={one} />}
    </article>
  );
}

function Detail({ one }: { one: Shown }) {
  const silence = `silences?new=${encodeURIComponent(silenceText(matching(one.labels)))}`;
  return (
    <div class="detail">
      {one.annotations.description && one.annotations.summary && <p>{one.annotations.description}</p>}
      {one.said && (
        <p>
          The value is <b>{exact(String(Number(one.said.value)))}</b>
          {one.rule && (
            <>
              {" "}of <a href={`graph?g0.expr=${encodeURIComponent(one.rule.query)}`}><code>{one.rule.query}</code></a>
              {one.said.state === "pending" && one.rule.duration ? <>; pending since {momentText(Date.parse(one.since))}, it fires <Ago ms={Date.parse(one.since) + one.rule.duration * 1000} /> unless that ends</> : <>; active since {momentText(Date.parse(one.since))}</>}
            </>
          )}
          .
        </p>
      )}
      {about.component === "prometheus" && <History labels={one.labels} />}
      <p class="actions">
        <a class="button" href={silence}>Silence it</a>
        <a class="button" href={`routes?labels=${encodeURIComponent(silenceText(matching(one.labels)))}`}>Who is told</a>
        {one.rule && <a class="button" href={`rules?open=${encodeURIComponent(one.rule.name)}`}>Its rule</a>}
        <Copy text={() => matchersText(one.labels)}>Copy labels</Copy>
        {one.annotations.runbook_url && <a class="button" data-away href={one.annotations.runbook_url} rel="noreferrer">Runbook</a>}
        {one.told && one.told.status.silencedBy.map((id) => <a class="button" key={id} href={`silences?q=${id}`}>Silenced by {id.slice(0, 8)}</a>)}
      </p>
      {one.told ? <TrailOf fingerprint={one.told.fingerprint} /> : <p class="quiet">The Alertmanager has not heard of it{one.state === "pending" ? ": it is pending" : ""}.</p>}
    </div>
  );
}

/** When it was pending and when it was firing, over the chosen span. */
function History({ labels }: { labels: Labels }) {
  const { range, turnOf } = useRange();
  const [from, to] = instants(range, Date.now());
  const step = stepFor(from / 1000, to / 1000, 300);
  const found = useAsk(
    (signal) => get<{ result: { metric: Labels; values: [number, string][] }[] }>("/api/v1/query_range", { query: `ALERTS${matchersText(labels)}`, start: from / 1000, end: to / 1000, step }, signal),
    [matchersText(labels), range.from, range.to, turnOf],
  );
  const place = (second: number) => (100 * (second * 1000 - from)) / (to - from);
  const wide = (100 * step * 1000) / (to - from);
  if (!found.data?.result.length) return null;
  const told = found.data.result.map((one) => `${one.metric.alertstate} for ${spanText(one.values.length * step * 1000)}`).join(", ");
  return (
    <svg class="track" viewBox="0 0 100 4" preserveAspectRatio="none" role="img" aria-label={`Over this span: ${told}`}>
      <title>{told}</title>
      {found.data.result.map((one) => one.values.map(([at]) => <rect key={`${one.metric.alertstate}${at}`} class={one.metric.alertstate === "firing" ? "bad" : "warn"} x={place(at)} width={wide} height="4" />))}
    </svg>
  );
}

const DONE: Record<string, Tone> = { sent: "good", failed: "bad", withheld: "warn", silenced: "quiet", inhibited: "quiet", muted: "quiet" };

/** Why somebody was told, or was not. */
export function TrailOf({ fingerprint }: { fingerprint: string }) {
  const found = useAsk((signal) => trail(fingerprint, signal), [fingerprint], EVERY);
  if (!found.data) return <Failure text={found.error} />;
  return (
    <section>
      <h3>Why was somebody told, or was not?</h3>
      <ol class="trail">
        {found.data.steps.map((step, i) => (
          <li key={i}>
            <time>{momentText(Date.parse(step.first))}</time>
            <Badge tone={DONE[step.what] ?? "plain"}>{step.what}</Badge>
            <span>
              {[step.receiver, step.integration].filter(Boolean).join(" / ")} {step.why}
              {step.count > 1 && <small> {step.count} times, last at {momentText(Date.parse(step.last))}</small>}
            </span>
          </li>
        ))}
      </ol>
      {found.data.next.map((next, i) => (
        <p class="quiet" key={i}>
          {next.receiver}: the group's next turn is <Ago ms={Date.parse(next.turn)} />
          {next.told.map((one) => <span key={one.integration}>; {one.integration} was told <Ago ms={Date.parse(one.at)} />, again <Ago ms={Date.parse(one.again)} /></span>)}
        </p>
      ))}
    </section>
  );
}
