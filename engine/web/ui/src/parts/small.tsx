import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { Labels } from "../lib/labels";
import { distance, momentText } from "../lib/time";

export function Failure({ text }: { text?: string }) {
  return text ? (
    <p class="failure" role="alert">
      {text}
    </p>
  ) : null;
}

/** What is missing in an answer, and what else is to be known about it. */
export function Remarks({ warnings = [], infos = [] }: { warnings?: string[]; infos?: string[] }) {
  return (
    <>
      {warnings.map((text) => (
        <p class="foot" role="alert" key={text}>
          <Badge tone="warn">not all</Badge> {text}
        </p>
      ))}
      {infos.map((text) => (
        <p class="foot" role="note" key={text}>
          {text}
        </p>
      ))}
    </>
  );
}

export function Empty({ children }: { children: ComponentChildren }) {
  return <p class="empty">{children}</p>;
}

export type Tone = "good" | "bad" | "warn" | "quiet" | "plain";

export function Badge({ tone, children }: { tone: Tone; children: ComponentChildren }) {
  return <span class={`badge ${tone}`}>{children}</span>;
}

export function LabelSet({ labels, skip = [] }: { labels: Labels; skip?: string[] }) {
  return (
    <span class="labels">
      {Object.entries(labels)
        .filter(([name]) => !skip.includes(name))
        .map(([name, value]) => (
          <span class="label" key={name}>
            {name}=<b>{JSON.stringify(value)}</b>
          </span>
        ))}
    </span>
  );
}

/** How long ago, in words that go on; the moment itself when asked by the pointer. */
export function Ago({ ms }: { ms: number }) {
  const now = useNow(1000);
  return (
    <time dateTime={new Date(ms).toISOString()} title={momentText(ms)}>
      {distance(ms, now)}
    </time>
  );
}

export function useNow(every: number): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), every);
    return () => clearInterval(timer);
  }, [every]);
  return now;
}

export function Tabs<T extends string>({ all, chosen, onChoose }: { all: [T, string][]; chosen: T; onChoose: (tab: T) => void }) {
  const moved = (event: KeyboardEvent) => {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!by) return;
    const next = (all.findIndex(([tab]) => tab === chosen) + by + all.length) % all.length;
    onChoose(all[next]![0]);
    ((event.currentTarget as HTMLElement).children[next] as HTMLElement).focus();
  };
  return (
    <div class="tabs" role="tablist" onKeyDown={moved}>
      {all.map(([tab, name]) => (
        <button type="button" role="tab" key={tab} tabIndex={tab === chosen ? 0 : -1} aria-selected={tab === chosen} onClick={() => onChoose(tab)}>
          {name}
        </button>
      ))}
    </div>
  );
}

export function Filter({ value, onInput, name }: { value: string; onInput: (text: string) => void; name: string }) {
  return (
    <input
      class="filter"
      type="search"
      value={value}
      placeholder={name}
      aria-label={name}
      onInput={(event) => onInput(event.currentTarget.value)}
    />
  );
}
