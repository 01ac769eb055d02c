import { createContext } from "preact";
import { useContext } from "preact/hooks";
import { LAST_HOUR, type Range, span } from "./time";

export interface Chosen {
  range: Range;
  /** Counts up whenever all is to be asked again. */
  turnOf: number;
  choose: (range: Range) => void;
  /** What a page itself would show, where the address says nothing else. */
  offer: (own: Offered | undefined) => void;
}

export interface Offered {
  range: Range;
  refresh: string;
  intervals: string[];
}

export const RangeContext = createContext<Chosen>({ range: LAST_HOUR, turnOf: 0, choose: () => undefined, offer: () => undefined });

export const useRange = (): Chosen => useContext(RangeContext);

/** The span in the address: ours (`from`, `to`), or Prometheus's (`g0.range_input`, `g0.end_input`). */
export function rangeOf(params: URLSearchParams): Range {
  const from = params.get("from");
  if (from) return { from, to: params.get("to") ?? "now" };
  const wide = span(params.get("g0.range_input") ?? "");
  if (wide === undefined) return LAST_HOUR;
  const end = Date.parse(`${(params.get("g0.end_input") ?? params.get("g0.moment_input") ?? "").replace(" ", "T")}Z`);
  if (Number.isNaN(end)) return { from: `now-${params.get("g0.range_input")}`, to: "now" };
  return { from: String(end - wide), to: String(end) };
}
