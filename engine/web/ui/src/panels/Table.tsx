import { useMemo, useState } from "preact/hooks";
import type { Drawn, Link } from "../lib/boards";
import { inkOn, legible } from "../lib/colours";
import { Away } from "../parts/Away";
import type { PanelProps } from "./kinds";

interface Column {
  name: string;
  kind: "time" | "number" | "string" | "boolean";
  align: string;
  width: number | null;
  hidden: boolean;
  cell: string;
  filterable: boolean;
  texts: string[];
  values: unknown[];
  colors: (string | null)[] | null;
  fills: number[] | null;
  links: Link[][] | null;
}

interface TableDrawn extends Drawn {
  columns: Column[];
  rows: number;
  sort: { column: string; desc: boolean }[];
  showHeader: boolean;
  footer: string[] | null;
  frames: string[];
  frame: number;
}

interface Sort {
  column: number;
  desc: boolean;
}

const MOST = 500;

export function Table({ drawn, height, onFrame }: PanelProps) {
  const table = drawn as TableDrawn;
  const [chosen, setSort] = useState<Sort | null>();
  const own = table.sort[0] && { column: table.columns.findIndex((one) => one.name === table.sort[0]!.column), desc: table.sort[0].desc };
  const sort = chosen === undefined ? own : (chosen ?? undefined);
  const [text, setText] = useState("");
  const seen = table.columns.map((column, index) => ({ column, index })).filter(({ column }) => !column.hidden);
  const order = useMemo(() => {
    const rows = Array.from({ length: table.rows }, (_, i) => i);
    const kept = text ? rows.filter((i) => table.columns.some((c) => (c.texts[i] ?? "").toLowerCase().includes(text.toLowerCase()))) : rows;
    const by = sort && table.columns[sort.column];
    return by ? kept.toSorted((a, b) => (sort.desc ? -1 : 1) * compared(by.values[a], by.values[b])) : kept;
  }, [drawn, sort?.column, sort?.desc, text]);
  const turn = (index: number) => setSort(sort?.column !== index ? { column: index, desc: false } : sort.desc ? null : { column: index, desc: true });
  return (
    <div class="tablepanel" style={{ height: `${height}px` }} tabIndex={0}>
      {table.frames.length > 1 && (
        <select class="narrow" aria-label="Which table" value={table.frame} onChange={(event) => onFrame(Number(event.currentTarget.value))}>
          {table.frames.map((name, i) => <option key={i} value={i}>{name || `Table ${i + 1}`}</option>)}
        </select>
      )}
      {(table.rows > 30 || text) && <input class="narrow" type="search" aria-label="Filter rows" placeholder="Filter rows" value={text} onInput={(e) => setText(e.currentTarget.value)} />}
      <table>
        {table.showHeader && (
          <thead>
            <tr>
              {seen.map(({ column, index }) => (
                <th key={index} class={side(column)} style={column.width ? { width: `${column.width}px` } : {}} aria-sort={sort?.column === index ? (sort.desc ? "descending" : "ascending") : undefined}>
                  <button type="button" onClick={() => turn(index)}>
                    {column.name} {sort?.column === index ? (sort.desc ? "↓" : "↑") : ""}
                  </button>
                </th>
              ))}
            </tr>
          </thead>
        )}
        <tbody>
          {order.slice(0, MOST).map((i) => (
            <tr key={i}>{seen.map(({ column, index }) => <Cell key={index} column={column} row={i} />)}</tr>
          ))}
        </tbody>
        {table.footer && <tfoot><tr>{seen.map(({ column, index }) => <td key={index} class={side(column)}>{table.footer![index]}</td>)}</tr></tfoot>}
      </table>
      {order.length > MOST && <p class="foot">The first {MOST} of {order.length} rows.</p>}
    </div>
  );
}

function side(column: Column): string {
  return column.align === "auto" || !column.align ? (column.kind === "number" ? "right number" : "") : column.align === "right" ? "right" : column.align === "center" ? "centre" : "";
}

function Cell({ column, row }: { column: Column; row: number }) {
  const text = column.texts[row] ?? "";
  const colour = column.colors?.[row] ?? undefined;
  const link = column.links?.[row]?.[0];
  const solid = column.cell === "color-background" && colour;
  const fill = column.fills?.[row];
  const shown = link ? <Away link={link}>{text}</Away> : column.cell === "json" ? <code>{text}</code> : text;
  return (
    <td class={`${side(column)} ${solid ? "solid" : ""}`} style={solid ? { background: solid, color: inkOn(solid) } : column.cell === "color-text" && colour ? { color: legible(colour) } : {}}>
      {column.cell === "gauge" && fill !== undefined ? (
        <span class="cellgauge"><i style={{ width: `${100 * fill}%`, background: colour ?? "var(--accent)" }} /><b>{shown}</b></span>
      ) : (
        shown
      )}
    </td>
  );
}

function compared(a: unknown, b: unknown): number {
  if (a === b) return 0;
  if (a === null || a === undefined) return 1;
  if (b === null || b === undefined) return -1;
  if (typeof a === "number" && typeof b === "number") return a - b;
  return String(a).localeCompare(String(b), undefined, { numeric: true });
}
