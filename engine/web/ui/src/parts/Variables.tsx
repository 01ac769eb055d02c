import { useEffect, useRef, useState } from "preact/hooks";
import type { Filter, Variable } from "../lib/boards";

interface Props {
  variables: Variable[];
  onChange: (name: string, values: string[]) => void;
}

export function Variables({ variables, onChange }: Props) {
  const seen = variables.filter((one) => one.hidden !== 2);
  if (!seen.length) return null;
  return (
    <div class="variables">
      {seen.map((one) => (
        <span class="variable" key={one.name} title={one.problem || undefined}>
          {one.hidden === 0 && <span class="name">{one.label || one.name}</span>}
          <Field one={one} onChange={(values) => onChange(one.name, values)} />
          {one.problem && <span class="bad" role="alert" aria-label={one.problem}>!</span>}
        </span>
      ))}
    </div>
  );
}

function Field({ one, onChange }: { one: Variable; onChange: (values: string[]) => void }) {
  const name = one.label || one.name;
  if (one.kind === "adhoc") {
    const text = one.filters.map((f) => `${f.key}${f.operator}${JSON.stringify(f.value)}`).join(", ");
    return <input key={text} defaultValue={text} placeholder='job="node", …' aria-label={name} onChange={(event) => onChange(filtersOf(event.currentTarget.value).map((f) => `${f.key}|${f.operator}|${f.value}`))} />;
  }
  if (one.kind !== "textbox" && one.kind !== "constant") return <Choice one={one} onChange={onChange} />;
  const text = one.value[0] ?? "";
  return <input key={text} defaultValue={text} aria-label={name} onChange={(event) => onChange([event.currentTarget.value])} />;
}

/** `job="node", path=~/a.*` as they are typed. */
function filtersOf(text: string): Filter[] {
  return [...text.matchAll(/([A-Za-z_]\w*)\s*(=~|!~|!=|=)\s*(?:"((?:[^"\\]|\\.)*)"|([^,]*))/g)].map(([, key, operator, quoted, plain]) => ({
    key: key!,
    operator: operator!,
    value: quoted === undefined ? plain!.trim() : quoted.replace(/\\(.)/g, "$1"),
  }));
}

const MOST = 300;
const COMBOBOX = { type: "text", role: "combobox" } as object;

function Choice({ one, onChange }: { one: Variable; onChange: (values: string[]) => void }) {
  const [open, setOpen] = useState(false);
  const [text, setText] = useState("");
  const [at, setAt] = useState(-1);
  const [chosen, setChosen] = useState<string[]>([]);
  const box = useRef<HTMLSpanElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const search = useRef<HTMLInputElement>(null);
  const list = `options-${one.name}`;
  const seen = one.options.filter((option) => option.text.toLowerCase().includes(text.toLowerCase())).slice(0, MOST);
  const more = one.options.length - MOST;
  const close = (values?: string[]) => {
    setOpen(false);
    setText("");
    setAt(-1);
    if (box.current?.contains(document.activeElement)) button.current?.focus();
    if (values?.length && values.join("\n") !== (one.isAll ? "$__all" : one.value.join("\n"))) onChange(values);
  };
  const leave = () => close(one.multi ? chosen : undefined);
  useEffect(() => {
    if (open) search.current?.focus();
  }, [open]);
  useEffect(() => {
    if (!open) return;
    const away = (event: Event) => box.current?.contains(event.target as Node) || leave();
    addEventListener("pointerdown", away);
    return () => removeEventListener("pointerdown", away);
  }, [open, chosen]);
  const pick = (value: string) => {
    if (!one.multi) return close([value]);
    if (value === "$__all") return setChosen(["$__all"]);
    const without = chosen.filter((v) => v !== "$__all");
    setChosen(without.includes(value) ? without.filter((v) => v !== value) : [...without, value]);
  };
  const pressed = (event: KeyboardEvent) => {
    const moves: Record<string, number> = { ArrowDown: Math.min(at + 1, seen.length - 1), ArrowUp: Math.max(at - 1, 0) };
    const to = moves[event.key];
    if (to !== undefined) {
      setAt(to);
      document.getElementById(`${list}-${to}`)?.scrollIntoView({ block: "nearest" });
    } else if (event.key === "Escape") {
      close();
    } else if (event.key === "Tab") {
      leave();
    } else if (event.key === "Enter") {
      const option = seen[at] ?? (one.multi && !text ? undefined : seen[0]);
      if (option) pick(option.value);
      else leave();
    } else {
      return;
    }
    if (event.key !== "Tab") event.preventDefault();
  };
  const marked = (value: string) => (one.multi ? chosen : one.isAll ? ["$__all"] : one.value).includes(value);
  return (
    <span class="choice" ref={box}>
      <button ref={button} type="button" aria-haspopup="listbox" aria-expanded={open} aria-label={`${one.label || one.name}: ${one.text || "none"}`} onClick={() => { setChosen(one.isAll ? ["$__all"] : one.value); open ? leave() : setOpen(true); }}>
        {one.text || "none"} ▾
      </button>
      {open && (
        <div class="popover options">
          <input
            ref={search}
            {...COMBOBOX}
            value={text}
            aria-label="Filter"
            aria-expanded="true"
            aria-controls={list}
            aria-activedescendant={at >= 0 ? `${list}-${at}` : undefined}
            onInput={(e) => { setText(e.currentTarget.value); setAt(-1); }}
            onKeyDown={pressed}
          />
          <ul id={list} onMouseDown={(event) => event.preventDefault()} role="listbox" aria-label={one.label || one.name} aria-multiselectable={one.multi}>
            {seen.map((option, i) => (
              <li key={option.value} id={`${list}-${i}`} role="option" class={i === at ? "active" : ""} aria-selected={marked(option.value)} onClick={() => pick(option.value)}>
                {one.multi && <i aria-hidden="true">{marked(option.value) ? "☑" : "☐"}</i>} {option.text}
              </li>
            ))}
          </ul>
          {more > 0 && <small>The first {MOST} of {one.options.length}: type to find others.</small>}
          {one.multi && <button type="button" class="primary" onClick={() => close(chosen)}>Use {chosen.includes("$__all") ? "all" : chosen.length}</button>}
        </div>
      )}
    </span>
  );
}
