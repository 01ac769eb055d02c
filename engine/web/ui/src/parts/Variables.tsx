import { useEffect, useRef, useState } from "preact/hooks";
import type { Variable } from "../lib/boards";

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
          {one.problem && <span class="bad" role="alert">!</span>}
        </span>
      ))}
    </div>
  );
}

function Field({ one, onChange }: { one: Variable; onChange: (values: string[]) => void }) {
  if (one.kind === "textbox" || one.kind === "constant") {
    return <input defaultValue={one.value[0] ?? ""} aria-label={one.label || one.name} onChange={(event) => onChange([event.currentTarget.value])} />;
  }
  if (one.kind === "adhoc") return <span class="quiet">{one.filters.map((f) => `${f.key} ${f.operator} ${f.value}`).join(", ") || "no filter"}</span>;
  return <Choice one={one} onChange={onChange} />;
}

const MOST = 300;

function Choice({ one, onChange }: { one: Variable; onChange: (values: string[]) => void }) {
  const [open, setOpen] = useState(false);
  const [text, setText] = useState("");
  const [chosen, setChosen] = useState<string[]>([]);
  const box = useRef<HTMLSpanElement>(null);
  const search = useRef<HTMLInputElement>(null);
  const close = (values?: string[]) => {
    setOpen(false);
    setText("");
    if (values && values.join("\n") !== one.value.join("\n")) onChange(values);
  };
  useEffect(() => {
    if (!open) return;
    search.current?.focus();
    const away = (event: Event) => box.current?.contains(event.target as Node) || close(one.multi ? chosen : undefined);
    const escape = (event: KeyboardEvent) => event.key === "Escape" && close();
    addEventListener("pointerdown", away);
    addEventListener("keydown", escape);
    return () => {
      removeEventListener("pointerdown", away);
      removeEventListener("keydown", escape);
    };
  }, [open, chosen]);
  const pick = (value: string) => {
    if (!one.multi) return close([value]);
    if (value === "$__all") return setChosen(["$__all"]);
    const without = chosen.filter((v) => v !== "$__all");
    setChosen(without.includes(value) ? without.filter((v) => v !== value) : [...without, value]);
  };
  const seen = one.options.filter((option) => option.text.toLowerCase().includes(text.toLowerCase()));
  return (
    <span class="choice" ref={box}>
      <button type="button" aria-expanded={open} aria-label={`${one.label || one.name}: ${one.text}`} onClick={() => { setChosen(one.isAll ? ["$__all"] : one.value); setOpen(!open); }}>
        {one.text || "none"} ▾
      </button>
      {open && (
        <div class="popover options">
          <input ref={search} type="search" value={text} aria-label="Filter" onInput={(e) => setText(e.currentTarget.value)} onKeyDown={(e) => e.key === "Enter" && (one.multi ? close(chosen.length ? chosen : undefined) : seen[0] && close([seen[0].value]))} />
          <ul role="listbox" aria-multiselectable={one.multi}>
            {seen.slice(0, MOST).map((option) => (
              <li key={option.value} role="option" aria-selected={one.multi ? chosen.includes(option.value) : one.value.includes(option.value)}>
                <button type="button" onClick={() => pick(option.value)}>
                  {one.multi && <i>{chosen.includes(option.value) ? "☑" : "☐"}</i>} {option.text}
                </button>
              </li>
            ))}
          </ul>
          {seen.length > MOST && <small>{seen.length - MOST} more: type to find them.</small>}
          {one.multi && <button type="button" class="primary" onClick={() => close(chosen.length ? chosen : undefined)}>Use {chosen.length}</button>}
        </div>
      )}
    </span>
  );
}
