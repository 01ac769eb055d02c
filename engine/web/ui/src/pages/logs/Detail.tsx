import { useMemo, useState } from "preact/hooks";
import { useAsk } from "../../lib/ask";
import { matchersText, type Labels } from "../../lib/labels";
import { narrowed, streamOf } from "../../lib/logql";
import { type LogLine, levelOf, near, streamLabels } from "../../lib/loki";
import { turn } from "../../lib/route";
import { momentText, timeText } from "../../lib/time";
import { Copy } from "../../parts/Copy";
import { Failure, LabelSet } from "../../parts/small";

const HALF_AN_HOUR = 1_800_000;

/** One line: its labels, each of which narrows the query, its JSON, and what its stream had before and after. */
export function Detail({ line, query }: { line: LogLine; query?: string }) {
  const names = useAsk((signal) => streamLabels(line.ms - HALF_AN_HOUR, line.ms + HALF_AN_HOUR, signal), [line.ns]).data;
  const [around, look] = useState(0);
  const parsed = useMemo(() => jsonOf(line.text), [line.text]);
  const metrics = { "g0.expr": `up${matchersText(pick(line.labels, ["job", "instance"]))}`, from: String(line.ms - HALF_AN_HOUR), to: String(line.ms + HALF_AN_HOUR) };
  return (
    <div class="detail">
      {query && names ? <Narrowing labels={line.labels} query={query} names={names} /> : <LabelSet labels={line.labels} />}
      {parsed && <pre>{parsed}</pre>}
      <p class="actions">
        <button type="button" aria-expanded={around > 0} onClick={() => look(around ? 0 : 10)}>What was around it</button>
        <a class="button" href={`graph?${new URLSearchParams(metrics)}`}>Metrics of this time</a>
        <Copy text={() => line.text}>Copy</Copy>
        <span class="quiet">{momentText(line.ms)} · {line.ns}</span>
      </p>
      {around > 0 && names && <Around line={line} stream={streamOf(line.labels, names)} count={around} onMore={() => look(around * 2)} />}
    </div>
  );
}

function Narrowing({ labels, query, names }: { labels: Labels; query: string; names: Set<string> }) {
  const go = (name: string, value: string, equal: boolean) => turn({ q: narrowed(query, name, value, equal, names.has(name)), line: undefined });
  return (
    <span class="labels narrowing">
      {Object.entries(labels).map(([name, value]) => (
        <span class="label" key={name}>
          {name}=<b>{JSON.stringify(value)}</b>
          <button type="button" title="Only these" aria-label={`Only ${name}=${value}`} onClick={() => go(name, value, true)}>+</button>
          <button type="button" title="Without these" aria-label={`Without ${name}=${value}`} onClick={() => go(name, value, false)}>−</button>
        </span>
      ))}
    </span>
  );
}

/** The stream without filters, on both sides of the line. */
function Around({ line, stream, count, onMore }: { line: LogLine; stream: string; count: number; onMore: () => void }) {
  const found = useAsk(async (signal) => (await Promise.all([near(stream, line.ns, false, count, signal), near(stream, line.ns, true, count + 1, signal)])).flat(), [stream, line.ns, count]);
  return (
    <section aria-label="Around it">
      <Failure text={found.error} />
      <ol class="lines around" tabIndex={0}>
        {found.data?.map((one, i) => (
          <li key={i} class={`${levelOf(one)} ${one.ns === line.ns && one.text === line.text ? "here" : ""}`} aria-current={one.ns === line.ns && one.text === line.text ? "true" : undefined}>
            <span class="logline"><time>{timeText(one.ms, true)}</time><span class="text">{one.text}</span></span>
          </li>
        ))}
      </ol>
      {found.data && count < 320 && <button type="button" onClick={onMore}>More</button>}
    </section>
  );
}

function pick(labels: Labels, names: string[]): Labels {
  return Object.fromEntries(Object.entries(labels).filter(([name]) => names.includes(name)));
}

function jsonOf(text: string): string | undefined {
  if (!/^\s*[{[]/.test(text)) return undefined;
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return undefined;
  }
}
