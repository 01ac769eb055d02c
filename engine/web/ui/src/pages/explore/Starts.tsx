import { useState } from "preact/hooks";
import { get } from "../../lib/api";
import { useAsk } from "../../lib/ask";
import { keep, setting } from "../../lib/settings";

const STARTS = [
  ["Which targets are up?", "up"],
  ["How busy is the machine?", '1 - avg by (instance) (rate(node_cpu_seconds_total{mode="idle"}[5m]))'],
  ["What takes the most series?", "topk(10, count by (__name__) ({__name__=~\".+\"}))"],
];

/** What may be asked first. */
export function Starts({ onChoose }: { onChoose: (expr: string) => void }) {
  const past = remembered();
  return (
    <div class="starts">
      {past.length > 0 && <h3>Asked before</h3>}
      {past.map((text) => (
        <button type="button" key={text} onClick={() => onChoose(text)}>
          <code>{text}</code>
        </button>
      ))}
      <h3>To begin with</h3>
      {STARTS.map(([name, text]) => (
        <button type="button" key={text} onClick={() => onChoose(text!)}>
          {name} <code>{text}</code>
        </button>
      ))}
      <Metrics onChoose={onChoose} />
    </div>
  );
}

interface About {
  type: string;
  help: string;
}

const MOST_METRICS = 60;

/** All metrics with what their sources say of them; each leads to the query that suits its type. */
function Metrics({ onChoose }: { onChoose: (expr: string) => void }) {
  const [text, setText] = useState("");
  const names = useAsk((signal) => get<string[]>("/api/v1/label/__name__/values", {}, signal), []);
  const told = useAsk((signal) => get<Record<string, About[]>>("/api/v1/metadata", {}, signal), []);
  const about = (name: string) => told.data?.[name]?.[0] ?? told.data?.[name.replace(/_(bucket|sum|count|total)$/, "")]?.[0];
  const words = text.toLowerCase().split(/\s+/);
  const seen = (names.data ?? []).filter((name) => {
    const line = `${name} ${about(name)?.help ?? ""}`.toLowerCase();
    return words.every((word) => line.includes(word));
  });
  return (
    <>
      <h3>All metrics <small>{names.data?.length ?? ""}</small></h3>
      <input type="search" class="search" placeholder="Find by name or meaning" aria-label="Find a metric" value={text} onInput={(e) => setText(e.currentTarget.value)} />
      <table class="metrics">
        <tbody>
          {seen.slice(0, MOST_METRICS).map((name) => (
            <tr key={name}>
              <td><button type="button" class="link" onClick={() => onChoose(suited(name, about(name)?.type))}><code>{name}</code></button></td>
              <td class="quiet">{about(name)?.type}</td>
              <td class="quiet">{about(name)?.help}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {seen.length > MOST_METRICS && <p class="foot">and {seen.length - MOST_METRICS} more: type to find them</p>}
    </>
  );
}

function suited(name: string, type?: string): string {
  if (type === "histogram" && name.endsWith("_bucket")) return `histogram_quantile(0.95, sum by (le) (rate(${name}[5m])))`;
  const counts = type === "counter" || (type === "histogram" || type === "summary" ? /_(sum|count)$/.test(name) : !type && name.endsWith("_total"));
  return counts ? `rate(${name}[5m])` : name;
}

function remembered(): string[] {
  return JSON.parse(setting("asked", "[]")) as string[];
}

export function remember(text: string): void {
  if (text.trim()) keep("asked", JSON.stringify([text.trim(), ...remembered().filter((one) => one !== text.trim())].slice(0, 12)));
}
