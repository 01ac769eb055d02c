import { useEffect, useMemo, useState } from "preact/hooks";
import { useAsk } from "../lib/ask";
import { uidOf } from "../lib/boardPath";
import { type Change, type Model, type PanelModel, type Source, inRows, modelOf, panelOf, sourceOf, sources, withPanel } from "../lib/editing";
import { askBefore, go, usePlace } from "../lib/route";
import { Difference } from "../parts/Difference";
import { EditPanel } from "../parts/EditPanel";
import { Guard } from "../parts/Guard";
import { Failure, Tabs } from "../parts/small";

type Tab = "panels" | "json";

const TABS: [Tab, string][] = [
  ["panels", "Panels"],
  ["json", "JSON"],
];

/** A dashboard's file, changed by fields or as text; saved after its difference was seen. */
export function EditBoard() {
  const { path } = usePlace();
  const uid = uidOf(path);
  const found = useAsk((signal) => sourceOf(uid, signal), [uid]);
  const known = useAsk(sources, []);
  if (!found.data) return <main><Failure text={found.error} /></main>;
  return <Editing key={found.data.revision} uid={uid} source={found.data} known={known.data ?? []} />;
}

function Editing({ uid, source, known }: { uid: string; source: { file: string; text: string; revision: string }; known: Source[] }) {
  const [text, setText] = useState(source.text);
  const [tab, setTab] = useState<Tab>("panels");
  const [change, setChange] = useState<Change>();
  const [model, fault] = useMemo(() => read(text), [text]);
  const dirty = text !== source.text;
  const leave = (to: string) => {
    askBefore(undefined);
    go(to);
  };
  const edit = (next: Model) => setText(JSON.stringify(next, null, 2));
  useEffect(() => {
    if (!dirty) return;
    const leaving = (event: BeforeUnloadEvent) => event.preventDefault();
    addEventListener("beforeunload", leaving);
    askBefore(() => confirm("Leave without saving?"));
    return () => {
      removeEventListener("beforeunload", leaving);
      askBefore(undefined);
    };
  }, [dirty]);
  return (
    <main class="editing">
      <header class="head">
        <h1>Edit {model?.title ?? uid}</h1>
        <Tabs all={TABS} chosen={tab} onChoose={setTab} />
        <span class="quiet">{source.file}</span>
        <span class="grow" />
        <button type="button" class="primary" disabled={!dirty || !model} onClick={() => setChange({ uid, dashboard: model!, revision: source.revision })}>Show the difference</button>
        <button type="button" onClick={() => leave(`/d/${encodeURIComponent(uid)}`)}>{dirty ? "Discard" : "Back"}</button>
      </header>
      <Failure text={fault} />
      {change && (
        <section class="card">
          <Difference change={change} onSaved={(saved) => leave(saved.url)} onBack={() => setChange(undefined)} />
        </section>
      )}
      {!change && tab === "json" && <textarea class="source" aria-label="JSON of the dashboard" spellcheck={false} value={text} onInput={(e) => setText(e.currentTarget.value)} />}
      {!change && tab === "panels" && model && (
        <Guard what="These fields" of={text}>
          <Head model={model} onChange={edit} />
          {inRows(model) ? <p class="quiet">Its panels stand in rows, as before schema 16: change them as JSON.</p> : <Panels model={model} known={known} onChange={edit} />}
        </Guard>
      )}
    </main>
  );
}

function read(text: string): [Model | undefined, string | undefined] {
  try {
    return [modelOf(text), undefined];
  } catch (error) {
    return [undefined, `This is no dashboard: ${(error as Error).message}`];
  }
}

function Head({ model, onChange }: { model: Model; onChange: (model: Model) => void }) {
  const field = (name: string, value: string, set: (value: string) => Partial<Model>) => (
    <label>{name} <input value={value} onChange={(e) => onChange({ ...model, ...set(e.currentTarget.value) })} /></label>
  );
  const time = model.time ?? { from: "now-6h", to: "now" };
  return (
    <section class="card form" aria-label="Dashboard">
      {field("Title", model.title ?? "", (title) => ({ title }))}
      {field("Tags", (model.tags ?? []).join(", "), (tags) => ({ tags: tags.split(",").map((one) => one.trim()).filter(Boolean) }))}
      {field("From", time.from, (from) => ({ time: { ...time, from } }))}
      {field("To", time.to, (to) => ({ time: { ...time, to } }))}
      {field("Refresh", model.refresh || "", (refresh) => ({ refresh }))}
    </section>
  );
}

function Panels({ model, known, onChange }: { model: Model; known: Source[]; onChange: (model: Model) => void }) {
  const panels = model.panels ?? [];
  const put = (at: number, ...one: PanelModel[]) => onChange({ ...model, panels: panels.toSpliced(at, 1, ...one) });
  const move = (at: number, by: number) => {
    const [one, other] = [panels[at]!, panels[at + by]!];
    const next = panels.with(at, { ...other, gridPos: one.gridPos }).with(at + by, { ...one, gridPos: other.gridPos });
    onChange({ ...model, panels: next });
  };
  const add = () => onChange(withPanel(model, panelOf("", "timeseries", "New panel", known.find((one) => one.isDefault) ?? known[0])));
  return (
    <>
      {panels.map((one, at) => (
        <EditPanel
          key={one.id ?? at}
          model={model}
          panel={one}
          known={known}
          onChange={(next) => put(at, next)}
          onRemove={() => put(at)}
          onCopy={() => onChange(withPanel(model, { ...structuredClone(one), title: `${one.title ?? ""} (copy)` }))}
          onUp={at > 0 ? () => move(at, -1) : undefined}
          onDown={at < panels.length - 1 ? () => move(at, 1) : undefined}
        />
      ))}
      <button type="button" class="add" onClick={add}>+ a panel</button>
    </>
  );
}
