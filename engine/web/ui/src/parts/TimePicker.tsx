import { useEffect, useRef, useState } from "preact/hooks";
import { type Range, instant, instants, momentText, rangeText, spanText } from "../lib/time";

const QUICK = ["5m", "15m", "30m", "1h", "3h", "6h", "12h", "24h", "2d", "7d", "30d"];
const REFRESH = ["5s", "10s", "30s", "1m", "5m"];

interface Props {
  range: Range;
  refresh: string;
  intervals?: string[];
  onRange: (range: Range) => void;
  onRefresh: (every: string) => void;
  onNow: () => void;
}

/** The span that a page shows, and how often it asks again. */
export function TimePicker({ range, refresh, intervals, onRange, onRefresh, onNow }: Props) {
  const [open, setOpen] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!open) return;
    const away = (event: Event) => box.current?.contains(event.target as Node) || setOpen(false);
    const escape = (event: KeyboardEvent) => event.key === "Escape" && setOpen(false);
    addEventListener("pointerdown", away);
    addEventListener("keydown", escape);
    return () => {
      removeEventListener("pointerdown", away);
      removeEventListener("keydown", escape);
    };
  }, [open]);
  const choose = (next: Range) => {
    setOpen(false);
    onRange(next);
  };
  const moved = (by: number) => {
    const [from, to] = instants(range, Date.now());
    const off = (to - from) * by;
    onRange({ from: String(Math.round(from + off)), to: String(Math.round(to + off)) });
  };
  const wider = () => {
    const [from, to] = instants(range, Date.now());
    if (range.to === "now") onRange({ from: `now-${spanText((to - from) * 2).replace(" ", "")}`, to: "now" });
    else onRange({ from: String(from - (to - from) / 2), to: String(to + (to - from) / 2) });
  };
  return (
    <div class="timepicker" ref={box}>
      <button type="button" data-key="," onClick={() => moved(-0.5)} title="Earlier (,)" aria-label="Earlier">‹</button>
      <button type="button" class="wide" data-key="t" title="The span of time (t)" aria-expanded={open} onClick={() => setOpen(!open)}>
        {rangeText(range)}
      </button>
      <button type="button" data-key="." onClick={() => moved(0.5)} title="Later (.)" aria-label="Later">›</button>
      <button type="button" data-key="z" onClick={wider} title="Twice the span (z)" aria-label="Twice the span">⤢</button>
      <button type="button" data-key="r" onClick={onNow} title="Ask again (r)" aria-label="Ask again">↻</button>
      <label class="quiet">
        <span class="hidden">Refresh</span>
        <select value={refresh} onChange={(event) => onRefresh(event.currentTarget.value)}>
          {[...new Set(["", ...(intervals?.length ? intervals : REFRESH), refresh])].map((every) => (
            <option key={every} value={every}>{every || "off"}</option>
          ))}
        </select>
      </label>
      {open && <Choice range={range} onRange={choose} />}
    </div>
  );
}

function Choice({ range, onRange }: { range: Range; onRange: (range: Range) => void }) {
  const [from, to] = instants(range, Date.now());
  const written = (text: string, ms: number) => (text.startsWith("now") ? text : momentText(ms));
  const [texts, setTexts] = useState({ from: written(range.from, from), to: written(range.to, to) });
  const now = Date.now();
  const bad = instant(texts.from, now) === undefined || instant(texts.to, now) === undefined;
  const absolute = (text: string) => (text.trim().startsWith("now") ? text.trim() : String(instant(text, now)));
  return (
    <form
      class="popover"
      onSubmit={(event) => {
        event.preventDefault();
        if (!bad) onRange({ from: absolute(texts.from), to: absolute(texts.to) });
      }}
    >
      <div class="quick">
        {QUICK.map((text) => (
          <button type="button" key={text} onClick={() => onRange({ from: `now-${text}`, to: "now" })}>{text}</button>
        ))}
      </div>
      <label>From <input value={texts.from} onInput={(e) => setTexts({ ...texts, from: e.currentTarget.value })} /></label>
      <label>To <input value={texts.to} onInput={(e) => setTexts({ ...texts, to: e.currentTarget.value })} /></label>
      {bad && <p class="error">Write now-3h, or a date such as {momentText(now)}.</p>}
      <button type="submit" class="primary" disabled={bad}>Show</button>
    </form>
  );
}
