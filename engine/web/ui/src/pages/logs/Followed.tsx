import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { sought } from "../../lib/logql";
import { type LogLine, follow } from "../../lib/loki";
import { Empty } from "../../parts/small";
import { Lines } from "./Lines";

const MOST = 1000;

/** New lines as they come; while it is held, they wait. */
export function Followed({ query }: { query: string }) {
  const [lines, setLines] = useState<LogLine[]>([]);
  const [ended, setEnded] = useState<string>();
  const [turnOf, again] = useState(0);
  const [held, hold] = useState(false);
  const [waiting, setWaiting] = useState<LogLine[]>([]);
  const holding = useRef(false);
  holding.current = held;
  useEffect(() => {
    setEnded(undefined);
    setLines([]);
    setWaiting([]);
    return follow(query, (fresh) => (holding.current ? setWaiting : setLines)((old) => [...fresh, ...old].slice(0, MOST)), setEnded);
  }, [query, turnOf]);
  const mark = useMemo(() => sought(query), [query]);
  const flip = () => {
    if (held) {
      setLines((old) => [...waiting, ...old].slice(0, MOST));
      setWaiting([]);
    }
    hold(!held);
  };
  return (
    <>
      <p class="foot" role="status">
        {ended ? <>Ended: {ended} <button type="button" onClick={() => again((n) => n + 1)}>Again</button></> : held ? <>held, {waiting.length} more</> : <><i class="pulse" /> following, newest first</>}
        {!ended && <button type="button" aria-pressed={held} onClick={flip}>{held ? "Go on" : "Hold"}</button>}
        {lines.length > 0 && <button type="button" onClick={() => setLines([])}>Clear</button>}
      </p>
      {!lines.length && !ended && <Empty>Nothing yet.</Empty>}
      <Lines lines={lines} look={{ mark, query }} />
    </>
  );
}
