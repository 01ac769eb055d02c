import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, insertNewlineAndIndent } from "@codemirror/commands";
import { HighlightStyle, bracketMatching, syntaxHighlighting } from "@codemirror/language";
import { lintKeymap } from "@codemirror/lint";
import { EditorState, type Extension, Prec } from "@codemirror/state";
import { EditorView, keymap, placeholder } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { PromQLExtension } from "@prometheus-io/codemirror-promql";
import { base } from "../../lib/about";
import { hasNames } from "../../lib/here";
import type { Language } from "../Editor";
import { logql } from "./logql";

export interface Wanted {
  language: Language;
  value: string;
  label: string;
  run: (text: string) => void;
  input: (text: string) => void;
}

export interface Mounted {
  set: (text: string) => void;
  stop: () => void;
}

const COLOURS = HighlightStyle.define([
  { tag: tags.keyword, color: "var(--code-word)" },
  { tag: tags.operatorKeyword, color: "var(--code-word)" },
  { tag: tags.function(tags.variableName), color: "var(--code-call)" },
  { tag: tags.variableName, color: "var(--ink)" },
  { tag: tags.labelName, color: "var(--code-label)" },
  { tag: tags.string, color: "var(--code-text)" },
  { tag: tags.number, color: "var(--code-number)" },
  { tag: tags.modifier, color: "var(--code-word)" },
  { tag: tags.comment, color: "var(--ink-3)", fontStyle: "italic" },
  { tag: tags.invalid, color: "var(--bad)" },
]);

const LOOK = EditorView.theme({
  "&": { fontSize: "14px", background: "transparent", color: "var(--ink)" },
  "&.cm-focused": { outline: "none" },
  ".cm-content": { fontFamily: "var(--mono)", padding: "8px 0", caretColor: "var(--ink)" },
  ".cm-line": { padding: "0 10px" },
  ".cm-cursor": { borderLeftColor: "var(--ink)" },
  ".cm-placeholder": { color: "var(--ink-3)" },
  ".cm-matchingBracket": { background: "var(--hover)", outline: "1px solid var(--line-2)" },
  "&.cm-focused .cm-selectionBackground, .cm-selectionBackground, ::selection": { background: "var(--select) !important" },
  ".cm-tooltip": { background: "var(--card)", border: "1px solid var(--line-2)", borderRadius: "6px", color: "var(--ink)" },
  ".cm-tooltip-autocomplete ul li": { padding: "3px 8px" },
  ".cm-tooltip-autocomplete ul li[aria-selected]": { background: "var(--accent)", color: "var(--on-accent)" },
  ".cm-completionDetail": { color: "var(--ink-3)", fontStyle: "normal", marginLeft: "1em" },
  ".cm-diagnostic": { fontFamily: "var(--mono)", whiteSpace: "pre-wrap" },
});

/** The editor lies in a shadow root: its styles are adopted there, and the page needs no inline ones. */
export function mount(holder: HTMLElement, wanted: Wanted): Mounted {
  const host = document.createElement("div");
  holder.replaceChildren(host);
  const root = host.attachShadow({ mode: "open" });
  const run = (view: EditorView) => {
    wanted.run(view.state.doc.toString());
    return true;
  };
  const view = new EditorView({
    root,
    parent: root,
    state: EditorState.create({
      doc: wanted.value,
      extensions: [
        Prec.highest(keymap.of([{ key: "Shift-Enter", run: insertNewlineAndIndent }])),
        Prec.low(keymap.of([{ key: "Enter", run }])),
        Prec.highest(keymap.of([{ key: "Mod-Enter", run }])),
        keymap.of([...closeBracketsKeymap, ...completionKeymap, ...historyKeymap, ...lintKeymap]),
        Prec.lowest(keymap.of(defaultKeymap)),
        history(),
        closeBrackets(),
        bracketMatching(),
        autocompletion(),
        syntaxHighlighting(COLOURS),
        LOOK,
        EditorView.lineWrapping,
        EditorView.contentAttributes.of({ "aria-label": wanted.label }),
        placeholder(wanted.language === "promql" ? "An expression: up, rate(http_requests_total[5m])…" : '{job="varlogs"} |= "error"'),
        EditorView.updateListener.of((update) => update.docChanged && wanted.input(update.state.doc.toString())),
        wanted.language === "promql" ? promql() : logql(),
      ],
    }),
  });
  return {
    set: (text) => view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text } }),
    stop: () => view.destroy(),
  };
}

/** Names are known where there is somebody to ask: at the first port. */
function promql(): Extension {
  const all = new PromQLExtension();
  return (hasNames ? all.setComplete({ remote: { url: base || location.origin, httpMethod: "GET", cache: { maxAge: 60_000 } } }) : all).asExtension();
}
