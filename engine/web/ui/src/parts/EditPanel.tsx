import { useMemo, useState } from "preact/hooks";
import { type Asking, type PanelHead } from "../lib/boards";
import type { Model, PanelModel, Source, Target } from "../lib/editing";
import { PANELS } from "../panels/kinds";
import { BoardPanel } from "./BoardPanel";
import { Editor } from "./Editor";

interface Props {
  model: Model;
  panel: PanelModel;
  known: Source[];
  onChange: (panel: PanelModel) => void;
  onRemove: () => void;
  onCopy: () => void;
  onUp?: () => void;
  onDown?: () => void;
}

const PLACES = ["x", "y", "w", "h"] as const;

/** One panel: what is changed most by fields, all else stays as its file has it; drawn as it would be. */
export function EditPanel(props: Props) {
  const { panel, onChange } = props;
  const [open, setOpen] = useState(false);
  const row = panel.type === "row";
  const defaults = panel.fieldConfig?.defaults ?? {};
  const set = (changes: Partial<PanelModel>) => onChange({ ...panel, ...changes });
  const kinds = [...new Set([panel.type ?? "timeseries", ...Object.keys(PANELS)])];
  return (
    <section class="card" aria-label={`Panel ${panel.title || panel.type}`}>
      <div class="line">
        <button type="button" class="link" aria-expanded={open} onClick={() => setOpen(!open)}>{open ? "▾" : "▸"} {panel.title || "(no title)"}</button>
        <small>{panel.type}</small>
        <span class="grow" />
        <button type="button" disabled={!props.onUp} aria-label="Up" title="Up" onClick={props.onUp}>↑</button>
        <button type="button" disabled={!props.onDown} aria-label="Down" title="Down" onClick={props.onDown}>↓</button>
        <button type="button" onClick={props.onCopy}>Copy</button>
        <button type="button" onClick={props.onRemove}>Remove</button>
      </div>
      {open && (
        <div class="detail">
          <div class="form">
            <label class="grow">Title <input value={panel.title ?? ""} onChange={(e) => set({ title: e.currentTarget.value })} /></label>
            {!row && (
              <label>Drawn as <select value={panel.type} onChange={(e) => set({ type: e.currentTarget.value })}>{kinds.map((kind) => <option key={kind}>{kind}</option>)}</select></label>
            )}
            {!row && (
              <label>Unit <input size={8} value={defaults.unit ?? ""} onChange={(e) => set({ fieldConfig: { ...panel.fieldConfig, defaults: { ...defaults, unit: e.currentTarget.value || undefined } } })} /></label>
            )}
            {PLACES.map((name) => (
              <label key={name}>{name} <input type="number" min={name === "w" || name === "h" ? 1 : 0} max={name === "x" ? 23 : name === "w" ? 24 : undefined} value={panel.gridPos?.[name] ?? 0} onChange={(e) => set({ gridPos: { ...place(panel), [name]: Number(e.currentTarget.value) } })} /></label>
            ))}
          </div>
          {row && panel.panels?.length ? <p class="quiet">It holds {panel.panels.length} panels while it is closed: change them as JSON.</p> : null}
          {!row && <Queries {...props} />}
          {!row && <Preview model={props.model} panel={panel} />}
        </div>
      )}
    </section>
  );
}

const place = (panel: PanelModel) => panel.gridPos ?? { x: 0, y: 0, w: 12, h: 8 };

function Queries({ panel, known, onChange }: Props) {
  const targets = panel.targets ?? [];
  const put = (at: number, ...one: Target[]) => onChange({ ...panel, targets: targets.toSpliced(at, 1, ...one) });
  const uid = (panel.datasource as { uid?: string } | undefined)?.uid;
  const logs = known.find((one) => one.uid === uid || one.name === panel.datasource)?.type === "loki";
  const choose = (next: string) => {
    const found = known.find((one) => one.uid === next);
    const datasource = found && { type: found.type, uid: found.uid };
    onChange({ ...panel, datasource, targets: targets.map((one) => ({ ...one, datasource })) });
  };
  const ref = () => "ABCDEFGHIJKLMNOPQRSTUVWXYZ".split("").find((one) => targets.every((target) => target.refId !== one)) ?? `Q${targets.length}`;
  return (
    <>
      <div class="form">
        <label>Data source
          <select value={uid ?? ""} onChange={(e) => choose(e.currentTarget.value)}>
            {!known.some((one) => one.uid === uid) && <option value={uid ?? ""}>{typeof panel.datasource === "string" ? panel.datasource : (uid ?? "default")}</option>}
            {known.map((one) => <option key={one.uid} value={one.uid}>{one.name}</option>)}
          </select>
        </label>
      </div>
      {targets.map((one, at) => (
        <div class="ask" key={one.refId ?? at}>
          <Editor language={logs ? "logql" : "promql"} label={`Query ${one.refId ?? at + 1}`} value={one.expr ?? ""} onRun={(expr) => put(at, { ...one, expr })} onLeave={(expr) => expr !== (one.expr ?? "") && put(at, { ...one, expr })} />
          <input aria-label={`Legend of ${one.refId ?? at + 1}`} placeholder="legend" value={one.legendFormat ?? ""} onChange={(e) => put(at, { ...one, legendFormat: e.currentTarget.value })} />
          <button type="button" aria-label={`Remove query ${one.refId ?? at + 1}`} onClick={() => put(at)}>✕</button>
        </div>
      ))}
      <button type="button" class="add" onClick={() => onChange({ ...panel, targets: [...targets, { refId: ref(), datasource: panel.datasource, expr: "", ...(logs ? {} : { legendFormat: "__auto" }) }] })}>+ a query</button>
    </>
  );
}

/** As it would be drawn in the dashboard as it is here. */
function Preview({ model, panel }: { model: Model; panel: PanelModel }) {
  const asking = useMemo(
    () => ({
      dashboard: "",
      board: model,
      model: panel,
      from: model.time?.from ?? "now-6h",
      to: model.time?.to ?? "now",
      timezone: Intl.DateTimeFormat().resolvedOptions().timeZone,
      variables: {},
      adhoc: {},
    }),
    [model, panel],
  );
  const head: PanelHead = {
    key: "preview", id: panel.id ?? 0, kind: "", type: panel.type ?? "", title: panel.title ?? "", description: "",
    ...place(panel), transparent: false, scope: {}, links: [], timeInfo: "", notes: [],
  };
  return (
    <div class="preview">
      <BoardPanel head={head} asking={asking satisfies Omit<Asking, "panel" | "scope" | "width" | "frame">} turnOf={0} group="" marks={[]} onSpan={() => undefined} onView={() => undefined} />
    </div>
  );
}
