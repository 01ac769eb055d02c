import { useState } from "preact/hooks";
import { span } from "../lib/time";
import { Copy } from "./Copy";
import { Editor } from "./Editor";
import { Preview, type Tried } from "./Preview";

interface Props {
  expr: string;
  lasting: string;
  interval: string;
  /** The rule is in the address. */
  onTry: (expr: string, lasting: string) => void;
  onClose: () => void;
}

/** An alerting rule that nobody has written yet, replayed over history. */
export function TryRule({ expr, lasting, interval, onTry, onClose }: Props) {
  const [draft, setDraft] = useState(expr);
  const [length, setLength] = useState(lasting);
  const bad = length && span(length) === undefined && length !== "0";
  const rule: Tried = { alert: "Tried", expr, ...(lasting && lasting !== "0" ? { for: lasting } : {}) };
  return (
    <section class="card" aria-label="Try a rule">
      <div class="ask">
        <Editor language="promql" label="Expression of the rule" value={expr} onRun={(text) => bad || onTry(text.trim(), length)} onInput={setDraft} />
        <label class="quiet">for <input class="short" aria-label="For how long" value={length} placeholder="0s" onInput={(e) => setLength(e.currentTarget.value)} /></label>
        <button type="button" class="primary" disabled={Boolean(bad) || !draft.trim()} onClick={() => onTry(draft.trim(), length)}>Try</button>
        <button type="button" aria-label="Close" onClick={onClose}>✕</button>
      </div>
      {bad && <p class="failure" role="alert">Write how long it must hold: 30s, 5m, 1h.</p>}
      {expr ? <Preview rule={rule} interval={interval} /> : <p class="quiet">Write an expression that says when something is wrong, such as <code>up == 0</code>: it is replayed over the span, and nothing is loaded.</p>}
      {expr && <p class="actions"><Copy text={() => yaml(rule)}>Copy as YAML</Copy></p>}
    </section>
  );
}

/** JSON's strings are YAML's too. */
const yaml = (rule: Tried): string => `- alert: ${rule.alert}\n  expr: ${JSON.stringify(rule.expr)}\n${rule.for ? `  for: ${rule.for}\n` : ""}`;
