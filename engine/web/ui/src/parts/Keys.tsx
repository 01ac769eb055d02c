import { useEffect, useState } from "preact/hooks";
import { Dialog } from "./Dialog";

/** What a key does on every page; those of its fields stay theirs. */
export interface Key {
  keys: string;
  told: string;
  act: () => void;
}

const SOON = 1500;
const IN_FIELDS: [string, string][] = [
  ["Enter", "ask"],
  ["Shift Enter", "a new line"],
  ["Ctrl Space", "what may stand here"],
  ["Escape", "leave, close"],
];

const isField = (field: HTMLElement) => field.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(field.tagName);

/** Listens to keys, alone or one after the other, and shows all of them behind `?`. */
export function Keys({ all }: { all: Key[] }) {
  const [shown, show] = useState(false);
  useEffect(() => {
    let [first, since] = ["", 0];
    const pressed = (event: KeyboardEvent) => {
      const field = event.composedPath()[0] as HTMLElement;
      if (event.ctrlKey || event.metaKey || event.altKey || isField(field) || document.querySelector("dialog[open]")) return;
      const both = Date.now() - since < SOON ? `${first} ${event.key}` : event.key;
      const found = all.find((one) => one.keys === both) ?? all.find((one) => one.keys === event.key);
      [first, since] = [event.key, Date.now()];
      if (event.key === "?") show(true);
      else if (!found) return;
      else found.act();
      event.preventDefault();
      first = "";
    };
    addEventListener("keydown", pressed);
    return () => removeEventListener("keydown", pressed);
  }, [all]);
  return (
    <>
      <button type="button" class="quiet" aria-label="Keys" title="Keys (?)" onClick={() => show(true)}>?</button>
      {shown && (
        <Dialog title="Keys" onClose={() => show(false)}>
          <div class="columns keys">
            <List rows={all.map((one) => [one.keys, one.told])} />
            <section>
              <h3>In an expression</h3>
              <List rows={IN_FIELDS} />
              <h3>On a graph</h3>
              <p>Drag over a part to look closer. Click a name: that line alone; Ctrl-click: one more.</p>
            </section>
          </div>
        </Dialog>
      )}
    </>
  );
}

function List({ rows }: { rows: [string, string][] }) {
  return (
    <dl>
      {rows.map(([keys, told]) => (
        <div key={keys}>
          <dt>{keys.split(" ").map((key) => <kbd key={key}>{key}</kbd>)}</dt>
          <dd>{told}</dd>
        </div>
      ))}
    </dl>
  );
}
