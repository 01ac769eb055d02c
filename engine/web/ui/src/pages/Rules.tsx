import { useState } from "preact/hooks";
import { type Rule, groups } from "../lib/alerts";
import { get } from "../lib/api";
import { useAsk } from "../lib/ask";
import type { Labels } from "../lib/labels";
import { turn, usePlace } from "../lib/route";
import { instants, momentText, spanText } from "../lib/time";
import { useRange } from "../lib/range";
import { Ago, Badge, Empty, Failure, Filter, LabelSet, type Tone } from "../parts/small";

const STATES: Record<string, Tone> = { firing: "bad", pending: "warn", inactive: "good" };

export function Rules() {
  const { params } = usePlace();
  const text = params.get("q") ?? "";
  const found = useAsk(groups, [], 5000);
  const seen = (found.data ?? [])
    .map((group) => ({ ...group, rules: group.rules.filter((rule) => `${rule.name} ${rule.query} ${group.name} ${rule.health}`.toLowerCase().includes(text.toLowerCase())) }))
    .filter((group) => group.rules.length);
  return (
    <main>
      <header class="head">
        <h1>Rules</h1>
        <Filter value={text} name="Filter by name or expression" onInput={(q) => turn({ q: q || undefined }, true)} />
      </header>
      <Failure text={found.error} />
      {seen.map((group) => (
        <section class="card" key={group.file + group.name}>
          <h2>
            {group.name} <small>{group.file}, each {spanText(group.interval * 1000)}, took {(group.evaluationTime * 1000).toFixed(1)} ms, <Ago ms={Date.parse(group.lastEvaluation)} /></small>
          </h2>
          {group.rules.map((rule, i) => (
            <OneRule key={i} rule={rule} />
          ))}
        </section>
      ))}
      {found.data && !seen.length && <Empty>{text ? "No rule has that." : <>No rules yet: name files of them under <code>rule_files</code>.</>}</Empty>}
    </main>
  );
}

function OneRule({ rule }: { rule: Rule }) {
  const [open, setOpen] = useState(false);
  return (
    <div class="rule">
      <button type="button" class="line" aria-expanded={open} onClick={() => setOpen(!open)}>
        {rule.type === "alerting" ? <Badge tone={STATES[rule.state!] ?? "plain"}>{rule.state}</Badge> : <Badge tone="plain">records</Badge>}
        <strong>{rule.name}</strong>
        <code class="clip">{rule.query}</code>
        <span class="grow" />
        {rule.health !== "ok" && <Badge tone={rule.health === "err" ? "bad" : "quiet"}>{rule.health}</Badge>}
        <small>{(rule.evaluationTime * 1000).toFixed(1)} ms</small>
      </button>
      <Failure text={rule.lastError} />
      {open && (
        <div class="detail">
          <p>
            <a href={`graph?g0.expr=${encodeURIComponent(rule.query)}`}><code>{rule.query}</code></a>
            {rule.duration ? <> for {spanText(rule.duration * 1000)}</> : null}
          </p>
          {rule.labels && <LabelSet labels={rule.labels} />}
          {rule.annotations && Object.entries(rule.annotations).map(([name, value]) => <p key={name}><b>{name}</b> {value}</p>)}
          {rule.type === "alerting" && <Preview rule={rule} />}
        </div>
      )}
    </div>
  );
}

interface Life {
  labels: Labels;
  activeAt: string;
  firedAt?: string;
  endedAt?: string;
}

/** When it would have fired over the chosen span. */
function Preview({ rule }: { rule: Rule }) {
  const { range, turnOf } = useRange();
  const [from, to] = instants(range, Date.now());
  const found = useAsk(
    (signal) =>
      get<{ groups: { rules: { name: string; query: string; error?: string; alerts?: Life[] }[] }[] }>(
        "/api/v1/rules/preview",
        { alert: rule.name, start: from / 1000, end: to / 1000 },
        signal,
      ),
    [rule.name, range.from, range.to, turnOf],
  );
  const one = found.data?.groups.flatMap((group) => group.rules).find((r) => r.name === rule.name && r.query === rule.query);
  return (
    <section>
      <h3>Replayed over this span</h3>
      <Failure text={found.error ?? one?.error} />
      {one && !one.alerts?.length && <p class="quiet">It would not have become active.</p>}
      {one?.alerts?.map((life, i) => (
        <div class="life" key={i}>
          <LabelSet labels={life.labels} skip={["alertname"]} />
          <Track life={life} from={from} to={to} />
        </div>
      ))}
    </section>
  );
}

function Track({ life, from, to }: { life: Life; from: number; to: number }) {
  const place = (text: string | undefined, otherwise: number) => (100 * ((text ? Date.parse(text) : otherwise) - from)) / (to - from);
  const begin = place(life.activeAt, from);
  const fired = place(life.firedAt, Date.parse(life.endedAt ?? "") || to);
  const end = place(life.endedAt, to);
  const told = `pending ${momentText(Date.parse(life.activeAt))}${life.firedAt ? `, firing ${momentText(Date.parse(life.firedAt))}` : ", never fired"}${life.endedAt ? `, ended ${momentText(Date.parse(life.endedAt))}` : ""}`;
  return (
    <svg class="track" viewBox="0 0 100 4" preserveAspectRatio="none" role="img" aria-label={told}>
      <title>{told}</title>
      <rect class="warn" x={begin} width={Math.max(0, fired - begin)} height="4" />
      {life.firedAt && <rect class="bad" x={fired} width={Math.max(0.3, end - fired)} height="4" />}
    </svg>
  );
}
