import { useState } from "preact/hooks";

/** Puts a text into the clipboard, and says whether that went well. */
export function Copy({ text, children = "Copy" }: { text: () => string; children?: string }) {
  const [told, tell] = useState("");
  const copy = () => {
    const done = navigator.clipboard ? navigator.clipboard.writeText(text()).then(() => true) : Promise.resolve(byHand(text()));
    done.catch(() => false).then((well) => {
      tell(well ? "Copied" : "Not allowed");
      setTimeout(() => tell(""), 1500);
    });
  };
  return <button type="button" aria-live="polite" onClick={copy}>{told || children}</button>;
}

/** Where the page is no secure context (http from another machine), there is no clipboard to write to. */
function byHand(text: string): boolean {
  const field = document.body.appendChild(document.createElement("textarea"));
  field.value = text;
  field.select();
  const well = document.execCommand("copy");
  field.remove();
  return well;
}
