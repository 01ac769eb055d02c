import { useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { type Annotation, type Asking, type PanelHead, drawn } from "../lib/boards";
import { useAsk } from "../lib/ask";
import { lit } from "../lib/colours";
import { useThemed } from "../lib/settings";
import { PANELS } from "../panels/kinds";
import { Away } from "./Away";
import { Guard } from "./Guard";

interface Props {
  head: PanelHead;
  asking: Omit<Asking, "panel" | "scope" | "width" | "frame">;
  turnOf: number;
  group: string;
  marks: Annotation[];
  onSpan: (from: number, to: number) => void;
  onView: () => void;
}

/** Pixels below the window where a panel is made ready. */
const NEAR = 300;

/** One panel: asks when it comes into view, and draws what the server has made ready. */
export function BoardPanel({ head, asking, turnOf, group, marks, onSpan, onView }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const [size, setSize] = useState({ width: 0, height: 0 });
  const [seen, setSeen] = useState(false);
  const [frame, setFrame] = useState<number>();
  useLayoutEffect(() => {
    const { width, height, top } = box.current!.getBoundingClientRect(); // the observers tell only of the next picture
    setSize({ width: Math.floor(width), height: Math.floor(height) });
    setSeen(top < innerHeight + NEAR);
    const watch = new ResizeObserver(([entry]) => {
      const { width, height } = entry!.contentRect;
      setSize({ width: Math.floor(width), height: Math.floor(height) });
    });
    const view = new IntersectionObserver(([entry]) => entry!.isIntersecting && setSeen(true), { rootMargin: `${NEAR}px` });
    watch.observe(box.current!);
    view.observe(box.current!);
    return () => {
      watch.disconnect();
      view.disconnect();
    };
  }, []);
  const width = Math.ceil(size.width / 50) * 50;
  const found = useAsk(
    (signal) => (seen && width ? drawn({ ...asking, panel: head.id, scope: head.scope, width, frame }, signal) : new Promise<never>(() => undefined)),
    [seen, width, JSON.stringify(asking), JSON.stringify(head.scope), frame, turnOf],
  );
  const theme = useThemed();
  const data = useMemo(() => lit(found.data, theme), [found.data, theme]);
  const Kind = data && PANELS[data.kind];
  const notes = [...head.notes, ...(found.data?.notes ?? [])];
  const problem = found.error ?? found.data?.problem;
  return (
    <section class={`boardpanel ${head.transparent ? "clear" : ""}`} aria-label={head.title || head.type}>
      <header>
        <h3 title={head.description || undefined}>{found.data?.title ?? head.title}</h3>
        {head.description && <span class="told quiet" role="img" aria-label={head.description} title={head.description}>i</span>}
        {notes.length > 0 && <span class="warn" title={notes.join("\n")}>△</span>}
        {head.timeInfo && <small>{head.timeInfo}</small>}
        <span class="grow" />
        <span class="tools">
          {(data?.links ?? head.links).map((link) => <Away key={link.url} link={link} label={link.title || link.url}>↗</Away>)}
          <Queries queries={found.data?.queries ?? []} asking={asking} />
          <button type="button" onClick={onView} title="This panel alone" aria-label="This panel alone">⤢</button>
        </span>
      </header>
      <div class="inside" ref={box} aria-busy={found.loading && !found.data}>
        {problem && <p class="failure" role="alert">{problem}</p>}
        {!problem && data && (data.queries.length > 0 && blank(data as unknown as Record<string, unknown>) ? (
          <p class="empty">No data</p>
        ) : (
          Kind && size.width > 0 && (
            <Guard what="This panel" of={data}>
              <Kind drawn={data} width={size.width} height={size.height} group={group} marks={marks} onSpan={onSpan} onFrame={setFrame} />
            </Guard>
          )
        ))}
      </div>
    </section>
  );
}

/** Whether there is nothing to draw, of whichever kind it is. */
function blank(data: Record<string, unknown>): boolean {
  if (data.rows === 0 || (Array.isArray(data.categories) && data.categories.length === 0)) return true;
  const lists = ["series", "values", "columns", "counts", "slices", "categories", "rows", "lines"];
  const there = lists.filter((name) => Array.isArray(data[name]));
  return there.length > 0 && there.every((name) => (data[name] as unknown[]).length === 0);
}

function Queries({ queries, asking }: { queries: { refId: string; query: string; source: string; problem: string }[]; asking: { from: string; to: string } }) {
  const first = queries.find((one) => one.query);
  if (!first) return null;
  const logs = /loki/i.test(first.source);
  const params = new URLSearchParams({ from: asking.from, to: asking.to });
  if (logs) params.set("q", first.query);
  else queries.filter((one) => one.query).forEach((one, i) => params.set(`g${i}.expr`, one.query));
  return <a href={`${logs ? "logs" : "graph"}?${params}`} title={queries.map((one) => one.query).join("\n")} aria-label="Explore">⌕</a>;
}
