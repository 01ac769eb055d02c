import { useMemo, useState } from "preact/hooks";
import { type Board as BoardData, type PanelHead, board } from "../lib/boards";
import { useAsk } from "../lib/ask";
import { useRange } from "../lib/range";
import { turn, usePlace } from "../lib/route";
import { BoardPanel } from "../parts/BoardPanel";
import { Failure } from "../parts/small";
import { Variables } from "../parts/Variables";

/** A dashboard: rows of panels on a grid of 24 columns. */
export function Board() {
  const { path, params } = usePlace();
  const uid = decodeURIComponent(path.split("/")[2] ?? "");
  const { range, turnOf, choose } = useRange();
  const chosen = useMemo(() => variablesOf(params), [params]);
  const given = { from: params.get("from") ?? undefined, to: params.get("to") ?? undefined };
  const asked = { ...(given.from ? { from: given.from, to: given.to ?? "now" } : {}), ...Object.fromEntries(Object.entries(chosen).map(([k, v]) => [`var-${k}`, v])) };
  const found = useAsk((signal) => board(uid, asked, signal), [uid, JSON.stringify(asked)]);
  const data = found.data;
  if (!data) return <main><Failure text={found.error} /></main>;
  const span = given.from ? range : { from: data.from, to: data.to };
  const asking = { dashboard: uid, from: span.from, to: span.to, variables: Object.fromEntries(data.variables.map((one) => [one.name, one.isAll ? ["$__all"] : one.value])) };
  const alone = Number(params.get("viewPanel") ?? 0);
  const each = (head: PanelHead) => (
    <BoardPanel
      head={head}
      asking={asking}
      turnOf={turnOf}
      group={data.crosshair ? uid : ""}
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
        {data.links.map((link) => <a key={link.title + link.url} href={link.url} title={link.tooltip} target={link.newTab ? "_blank" : undefined} rel="noreferrer">{link.title || link.url}</a>)}
      </header>
      <Variables variables={data.variables} onChange={(name, values) => change(name, values)} />
      <Failure text={found.error} />
      {alone ? <div class="alone">{flat(data.panels).filter((one) => one.id === alone).slice(0, 1).map(each)}</div> : <Rows data={data} each={each} />}
    </main>
  );
}

function flat(panels: PanelHead[]): PanelHead[] {
  return panels.flatMap((one) => [one, ...(one.panels ?? [])]).filter((one) => one.kind !== "row");
}

function variablesOf(params: URLSearchParams): Record<string, string[]> {
  const found: Record<string, string[]> = {};
  for (const [name, value] of params) if (name.startsWith("var-")) (found[name.slice(4)] ??= []).push(value);
  return found;
}

function change(name: string, values: string[]): void {
  const params = new URL(location.href).searchParams;
  params.delete(`var-${name}`);
  for (const value of values) params.append(`var-${name}`, value);
  history.pushState(null, "", `?${params}`);
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
    if (one.kind === "row") all.push({ row: one, panels: one.panels ?? [] });
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
              <button type="button" class="rowhead" aria-expanded={!closed} onClick={() => setTurned({ ...turned, [row.key]: !closed })}>
                {closed ? "▸" : "▾"} {row.title} {closed && <small>{panels.length} panels</small>}
              </button>
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
