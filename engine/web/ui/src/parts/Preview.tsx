import { useMemo } from "preact/hooks";
import type { Labels } from "../lib/labels";
import { get, sent } from "../lib/api";
import { useAsk } from "../lib/ask";
import { useRange } from "../lib/range";
import { instants, momentText, spanText } from "../lib/time";
import { Failure, LabelSet } from "./small";

interface Life {
  labels: Labels;
  activeAt: string;
  firedAt?: string;
  endedAt?: string;
}

interface Replayed {
  groups: { rules: { name: string; query: string; error?: string; alerts?: Life[] }[] }[];
}

/** A rule as it would be written. */
export interface Tried {
  alert: string;
  expr: string;
  for?: string;
  labels?: Labels;
}

const PREVIEW = "/api/v1/rules/preview";

const ruleFile = (rule: Tried, interval: string): string => JSON.stringify({ groups: [{ name: "tried", interval, rules: [rule] }] });

/** When a rule would have fired over the chosen span; one that is loaded is replayed with the rest of its group. */
export function Preview({ rule, interval, loaded }: { rule: Tried; interval: string; loaded?: boolean }) {
  const { range, turnOf } = useRange();
  const [from, to] = useMemo(() => instants(range, Date.now()), [range.from, range.to, turnOf]);
  const file = ruleFile(rule, interval);
  const found = useAsk(
    (signal) =>
      loaded
        ? get<Replayed>(PREVIEW, { alert: rule.alert, start: from / 1000, end: to / 1000 }, signal)
        : sent<{ data: Replayed }>("POST", `${PREVIEW}?start=${from / 1000}&end=${to / 1000}`, file, signal).then((answer) => answer.data),
    [file, loaded, from, to],
  );
  const all = found.data?.groups.flatMap((group) => group.rules) ?? [];
  const one = loaded ? all.find((each) => each.query === rule.expr) : all[0];
  const lives = one?.alerts ?? [];
  const fired = lives.filter((life) => life.firedAt).length;
  return (
    <section aria-label="Replayed over this span" aria-busy={found.loading}>
      <h3>Replayed over this span</h3>
      <Failure text={found.error ?? one?.error} />
      {one && !found.error && !one.error && (
        <p class="quiet" role="status">{lives.length ? `It would have fired ${times(fired)}${lives.length > fired ? `, and been only pending ${times(lives.length - fired)}` : ""}.` : "It would not have become active."}</p>
      )}
      {!found.error && lives.map((life, i) => (
        <div class="life" key={i}>
          <LabelSet labels={life.labels} skip={["alertname"]} />
          <Track life={life} from={from} to={to} />
        </div>
      ))}
    </section>
  );
}

const times = (count: number): string => (count === 1 ? "once" : `${count} times`);

function Track({ life, from, to }: { life: Life; from: number; to: number }) {
  const place = (text: string | undefined, otherwise: number) => (100 * ((text ? Date.parse(text) : otherwise) - from)) / (to - from);
  const begin = place(life.activeAt, from);
  const fired = place(life.firedAt, Date.parse(life.endedAt ?? "") || to);
  const end = place(life.endedAt, to);
  const lasted = life.firedAt ? `, for ${spanText((Date.parse(life.endedAt ?? "") || to) - Date.parse(life.firedAt))}` : "";
  const told = `pending ${momentText(Date.parse(life.activeAt))}${life.firedAt ? `, firing ${momentText(Date.parse(life.firedAt))}${lasted}` : ", never fired"}${life.endedAt ? `, ended ${momentText(Date.parse(life.endedAt))}` : ""}`;
  return (
    <svg class="track" viewBox="0 0 100 4" preserveAspectRatio="none" role="img" aria-label={told}>
      <title>{told}</title>
      <rect class="warn" x={begin} width={Math.max(0, fired - begin)} height="4" />
      {life.firedAt && <rect class="bad" x={fired} width={Math.max(0.3, end - fired)} height="4" />}
    </svg>
  );
}
