import { useEffect, useMemo, useState } from "preact/hooks";
import { about } from "../lib/about";
import { type Annotation, type Board as BoardData, type PanelHead, annotations, board } from "../lib/boards";
import { useAsk } from "../lib/ask";
import { questionOf, uidOf } from "../lib/boardPath";
import { lit } from "../lib/colours";
import { useRange } from "../lib/range";
import { turn, usePlace } from "../lib/route";
import { useThemed } from "../lib/settings";
import { BoardLinks } from "../parts/BoardLinks";
import { BoardPanel } from "../parts/BoardPanel";
import { Failure } from "../parts/small";
import { Variables } from "../parts/Variables";

/** Always the same, so that panels need not be drawn again when it turns out that there are none. */
const NO_MARKS: Annotation[] = [];
const TO_ESCAPE_FROM = ["viewPanel", "kiosk"];

/** A dashboard: rows of panels on a grid of 24 columns. */
export function Board() {
  const { path, params } = usePlace();
  const uid = uidOf(path);
  const { range, turnOf, choose, offer } = useRange();
  const from = params.get("from");
  const asked = questionOf(params);
  const question = JSON.stringify(asked);
  const found = useAsk((signal) => board(uid, asked, signal), [uid, question]);
  const data = found.data;
  const marks = useAsk((signal) => (data?.annotations.some((one) => one.enabled) ? annotations(uid, asked, signal) : Promise.resolve([])), [uid, question, turnOf, data?.uid]);
  const theme = useThemed();
  const shown = useMemo(() => (marks.data?.length ? lit(marks.data, theme) : NO_MARKS), [marks.data, theme]);
  useEffect(() => {
    if (!data) return;
    offer({ range: { from: data.from, to: data.to }, refresh: data.refresh, intervals: data.intervals });
    document.title = `${data.title} – ${about.title}`;
    return () => offer(undefined);
  }, [data]);
  useEffect(() => {
    const escape = (event: KeyboardEvent) => {
      const open = TO_ESCAPE_FROM.find((name) => params.has(name));
      if (event.key === "Escape" && open && !document.querySelector(":is(.choice, .timepicker, details[open]) .popover")) turn({ [open]: undefined });
    };
    addEventListener("keydown", escape);
    return () => removeEventListener("keydown", escape);
  }, [params]);
  if (!data) return <main><Failure text={found.error} /></main>;
  const span = from ? range : { from: data.from, to: data.to };
  const asking = {
    dashboard: uid,
    ...span,
    timezone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    variables: Object.fromEntries(data.variables.map((one) => [one.name, one.isAll ? ["$__all"] : one.value])),
    adhoc: Object.fromEntries(data.variables.filter((one) => one.kind === "adhoc").map((one) => [one.name, one.filters])),
  };
  const alone = Number(params.get("viewPanel") ?? 0);
  const each = (head: PanelHead) => (
    <BoardPanel
      head={head}
      asking={asking}
      turnOf={turnOf}
      group={data.crosshair ? uid + (data.crosshair === 2 ? "+" : "") : ""}
      marks={shown}
      onSpan={(a, b) => choose({ from: String(a), to: String(b) })}
      onView={() => turn({ viewPanel: alone ? undefined : String(head.id) })}
    />
  );
  return (
    <main class="board">
      <header class="head">
        <h1 title={data.description || undefined}>{data.title}</h1>
        {data.folder && <span class="quiet">{data.folder}</span>}
        {data.notes.length > 0 && <span class="warn" title={data.notes.join("\n")}>△ {data.notes.length} not as in Grafana</span>}
        <span class="grow" />
        {data.canSave && <a class="button" href={`d/${encodeURIComponent(uid)}?edit`}>Edit</a>}
        {data.links.length > 0 && <BoardLinks links={data.links} span={span} chosen={data.variables} />}
      </header>
      <Variables variables={data.variables} onChange={change} />
      <Failure text={found.error} />
      <Failure text={marks.error} />
      {alone ? <div class="alone">{flat(data.panels).filter((one) => one.id === alone).slice(0, 1).map(each)}</div> : <Rows key={uid} data={data} each={each} />}
    </main>
  );
}

function flat(panels: PanelHead[]): PanelHead[] {
  return panels.flatMap((one) => [one, ...(one.panels ?? [])]).filter((one) => one.kind !== "row");
}

function change(name: string, values: string[]): void {
  const params = new URL(location.href).searchParams;
  params.delete(`var-${name}`);
  for (const value of values) params.append(`var-${name}`, value);
  history.pushState(null, "", `${location.pathname}?${params}`);
  dispatchEvent(new Event("engine:moved"));
}

interface Section {
  row?: PanelHead;
  panels: PanelHead[];
}

/** What stands under one row moves together, so that opening and closing needs no sums. */
function sections(panels: PanelHead[]): Section[] {
  const all: Section[] = [{ panels: [] }];
  for (const one of panels) {
    if (one.kind === "row") all.push({ row: one, panels: [...(one.panels ?? [])] });
    else all.at(-1)!.panels.push(one);
  }
  return all.filter((one) => one.row || one.panels.length);
}

function Rows({ data, each }: { data: BoardData; each: (head: PanelHead) => preact.JSX.Element }) {
  const [turned, setTurned] = useState<Record<string, boolean>>({});
  return (
    <>
      {sections(data.panels).map(({ row, panels }) => {
        const closed = row !== undefined && (turned[row.key] ?? row.collapsed ?? false);
        const top = Math.min(...panels.map((one) => one.y));
        return (
          <section key={row?.key ?? "first"}>
            {row && (
              <h2 class="rowhead">
                <button type="button" aria-expanded={!closed} onClick={() => setTurned({ ...turned, [row.key]: !closed })}>
                  {closed ? "▸" : "▾"} {row.title} {closed && <small>{panels.length} {panels.length === 1 ? "panel" : "panels"}</small>}
                </button>
              </h2>
            )}
            {!closed && (
              <div class="grid">
                {panels.map((one) => (
                  <div key={one.key} class="at" style={{ gridColumn: `${one.x + 1} / span ${one.w}`, gridRow: `${one.y - top + 1} / span ${one.h}` }}>
                    {each(one)}
                  </div>
                ))}
              </div>
            )}
          </section>
        );
      })}
    </>
  );
}
