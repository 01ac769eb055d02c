import { about } from "../lib/about";
import { type Rule, groups, lineGroups } from "../lib/alerts";
import { useAsk } from "../lib/ask";
import { turn, useOpen, usePlace } from "../lib/route";
import { spanText } from "../lib/time";
import { Copy } from "../parts/Copy";
import { Preview } from "../parts/Preview";
import { TryRule } from "../parts/TryRule";
import { Ago, Badge, Empty, Failure, Filter, LabelSet, type Tone } from "../parts/small";

const STATES: Record<string, Tone> = { firing: "bad", pending: "warn", inactive: "good" };

export function Rules() {
  const { params } = usePlace();
  const text = params.get("q") ?? "";
  const tried = params.get("try");
  const found = useAsk(groups, [], 5000);
  const ofLines = useAsk((signal) => (about.line_rules ? lineGroups(signal) : Promise.resolve([])), [], about.line_rules ? 5000 : 0);
  const seen = [...(found.data ?? []), ...(ofLines.data ?? [])]
    .map((group) => ({ ...group, rules: group.rules.filter((rule) => `${rule.name} ${rule.query} ${group.name} ${rule.health}`.toLowerCase().includes(text.toLowerCase())) }))
    .filter((group) => group.rules.length);
  return (
    <main>
      <header class="head">
        <h1>Rules</h1>
        <button type="button" class="primary" onClick={() => turn({ try: "" })}>Try a rule</button>
        <Filter value={text} name="Filter by name or expression" onInput={(q) => turn({ q: q || undefined }, true)} />
      </header>
      <Failure text={found.error ?? ofLines.error} />
      {tried !== null && (
        <TryRule
          key={tried}
          expr={tried}
          lasting={params.get("for") ?? ""}
          interval={`${found.data?.[0]?.interval ?? 15}s`}
          onTry={(expr, lasting) => turn({ try: expr, for: lasting || undefined })}
          onClose={() => turn({ try: undefined, for: undefined })}
        />
      )}
      {seen.map((group) => (
        <section class="card" key={`${group.lines ? "lines/" : ""}${group.file}/${group.name}`}>
          <h2>
            {group.name} <small>{group.lines && "over lines, "}{group.file}, each {spanText(group.interval * 1000)}, took {(group.evaluationTime * 1000).toFixed(1)} ms, <Ago ms={Date.parse(group.lastEvaluation)} /></small>
          </h2>
          {group.rules.map((rule, i) => (
            <OneRule key={i} rule={rule} interval={group.interval} lines={group.lines} />
          ))}
        </section>
      ))}
      {found.data && ofLines.data && !seen.length && <Empty>{text ? "No rule has that." : <>No rules yet: name files of them under <code>rule_files</code>.</>}</Empty>}
    </main>
  );
}

function OneRule({ rule, interval, lines }: { rule: Rule; interval: number; lines?: boolean }) {
  const [open, flip] = useOpen(rule.name);
  const graph = `graph?g0.expr=${encodeURIComponent(rule.type === "recording" ? rule.name : rule.query)}`;
  const asked = lines ? `logs?q=${encodeURIComponent(rule.query)}` : `graph?g0.expr=${encodeURIComponent(rule.query)}`;
  return (
    <div class="rule">
      <button type="button" class="line" aria-expanded={open} onClick={flip}>
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
            <a href={asked}><code>{rule.query}</code></a>
            {rule.duration ? <> for {spanText(rule.duration * 1000)}</> : null}
          </p>
          {rule.labels && <LabelSet labels={rule.labels} />}
          {rule.annotations && Object.entries(rule.annotations).map(([name, value]) => <p key={name}><b>{name}</b> {value}</p>)}
          <p class="actions">
            {lines ? <a class="button" href={asked}>Logs</a> : <a class="button" href={graph}>Graph</a>}
            {rule.type === "alerting" && !lines && <a class="button" href={`rules?${new URLSearchParams({ try: rule.query, ...(rule.duration ? { for: `${rule.duration}s` } : {}) })}`}>Change and try</a>}
            <Copy text={() => rule.query}>Copy</Copy>
          </p>
          {rule.type === "alerting" && !lines && <Preview loaded rule={{ alert: rule.name, expr: rule.query, ...(rule.duration ? { for: `${rule.duration}s` } : {}), labels: rule.labels }} interval={`${interval}s`} />}
        </div>
      )}
    </div>
  );
}
