import { useState } from "preact/hooks";
import { turn, usePlace } from "../../lib/route";
import { AddToBoard } from "../../parts/AddToBoard";
import { Copy } from "../../parts/Copy";
import { Editor } from "../../parts/Editor";
import { Tabs } from "../../parts/small";
import { Explain } from "./Explain";
import { Graph } from "./Graph";
import { Starts, remember } from "./Starts";
import { Table } from "./Table";

type Tab = "0" | "1" | "explain";

const TABS: [Tab, string][] = [
  ["0", "Graph"],
  ["1", "Table"],
  ["explain", "Explain"],
];
/** What an expression has in the address, behind its number. */
const KEPT = ["expr", "tab", "stacked", "step_input", "show_exemplars", "logs"];

/** Expressions over metrics, one below the other, on one span. */
export function Explore() {
  const { params } = usePlace();
  const count = expressions(params);
  return (
    <main class="explore">
      <h1 class="hidden">Metrics</h1>
      {Array.from({ length: count }, (_, i) => (
        <Panel key={i} index={i} params={params} alone={count === 1} />
      ))}
      <button type="button" class="add" onClick={() => turn({ [`g${count}.expr`]: "" })}>
        + another expression
      </button>
    </main>
  );
}

function expressions(params: URLSearchParams): number {
  let count = 1;
  while (params.has(`g${count}.expr`)) count += 1;
  return count;
}

function Panel({ index, params, alone }: { index: number; params: URLSearchParams; alone: boolean }) {
  const key = (name: string) => `g${index}.${name}`;
  const expr = params.get(key("expr")) ?? "";
  const tab = (params.get(key("tab")) ?? "0") as Tab;
  const [draft, setDraft] = useState(expr);
  const [adding, add] = useState(false);
  const run = (text: string) => {
    remember(text);
    turn({ [key("expr")]: text.trim() });
  };
  const option = (name: string, value: string | undefined) => turn({ [key(name)]: value }, true);
  const options = Object.fromEntries(KEPT.map((name) => [name, params.get(key(name)) ?? ""]));
  return (
    <section class="card panel" aria-label={`Expression ${index + 1}`}>
      <div class="ask">
        <Editor language="promql" label={`Expression ${index + 1}`} value={expr} onRun={run} onInput={setDraft} />
        <button type="button" class="primary" onClick={() => run(draft)}>Run</button>
        {!alone && (
          <button type="button" aria-label="Remove this expression" title="Remove" onClick={() => remove(index)}>✕</button>
        )}
      </div>
      {expr ? (
        <>
          <div class="line">
            <Tabs all={TABS} chosen={tab} onChoose={(next) => option("tab", next)} />
            <span class="grow" />
            <button type="button" onClick={() => add(true)}>Add to dashboard</button>
            <Copy text={() => location.href}>Copy link</Copy>
          </div>
          {tab === "0" && <Graph expr={expr} options={options} onOption={option} />}
          {tab === "1" && <Table expr={expr} />}
          {tab === "explain" && <Explain expr={expr} />}
          {adding && <AddToBoard query={expr} source="prometheus" kind={tab === "1" ? "table" : "timeseries"} stacked={options.stacked === "1"} onClose={() => add(false)} />}
        </>
      ) : (
        <Starts onChoose={run} />
      )}
    </section>
  );
}

function remove(index: number): void {
  const { searchParams } = new URL(location.href);
  const last = expressions(searchParams) - 1;
  const changes: Record<string, string | undefined> = {};
  for (let i = index; i <= last; i += 1) {
    for (const name of KEPT) changes[`g${i}.${name}`] = i < last ? (searchParams.get(`g${i + 1}.${name}`) ?? undefined) : undefined;
  }
  turn(changes);
}
