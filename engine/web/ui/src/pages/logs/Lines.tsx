import { useMemo, useState } from "preact/hooks";
import type { Labels } from "../../lib/labels";
import { type LogLine, levelOf } from "../../lib/loki";
import { turn, usePlace } from "../../lib/route";
import { momentText, timeText } from "../../lib/time";
import { LabelSet } from "../../parts/small";
import { Detail } from "./Detail";

export interface Look {
  time?: boolean;
  wrap?: boolean;
  labels?: (line: LogLine) => Labels;
  /** What is marked in the lines. */
  mark?: RegExp;
  /** Where lines come from, when its query can be changed from a line. */
  query?: string;
  /** Which line is open stands in the address. */
  permanent?: boolean;
}

export function Lines({ lines, look = {} }: { lines: LogLine[]; look?: Look }) {
  const { params } = usePlace();
  const [own, setOwn] = useState<string>();
  const open = look.permanent ? (params.get("line") ?? undefined) : own;
  const setOpen = (id: string | undefined) => (look.permanent ? turn({ line: id }, true) : setOwn(id));
  const names = useMemo(() => identified(lines), [lines]);
  return (
    <ol class={`lines ${look.wrap === false ? "nowrap" : ""}`}>
      {lines.map((line, i) => {
        const id = names[i]!;
        return (
          <li key={id} class={levelOf(line)}>
            <button type="button" class="logline" aria-expanded={open === id} onClick={() => setOpen(open === id ? undefined : id)}>
              {look.time !== false && <time title={momentText(line.ms)}>{timeText(line.ms, true)}</time>}
              {look.labels && <LabelSet labels={look.labels(line)} />}
              <span class="text">{look.mark ? <Marked text={line.text} mark={look.mark} /> : line.text}</span>
            </button>
            {open === id && <Detail line={line} query={look.query} />}
          </li>
        );
      })}
    </ol>
  );
}

/** Its time; several lines of one instant are counted. */
function identified(lines: LogLine[]): string[] {
  const seen = new Map<string, number>();
  return lines.map(({ ns }) => {
    const count = seen.get(ns) ?? 0;
    seen.set(ns, count + 1);
    return count ? `${ns}.${count}` : ns;
  });
}

function Marked({ text, mark }: { text: string; mark: RegExp }) {
  const parts: preact.ComponentChild[] = [];
  let at = 0;
  for (const found of text.matchAll(mark)) {
    if (!found[0]) continue;
    parts.push(text.slice(at, found.index), <mark key={found.index}>{found[0]}</mark>);
    at = found.index + found[0].length;
  }
  return <>{parts}{text.slice(at)}</>;
}
