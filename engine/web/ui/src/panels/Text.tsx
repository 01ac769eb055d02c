import { useEffect, useRef } from "preact/hooks";
import type { Drawn } from "../lib/boards";
import type { PanelProps } from "./kinds";

interface TextDrawn extends Drawn {
  mode: string;
  html: string;
  source: string;
}

/** The server has taken out of it what could run. */
export function Text({ drawn }: PanelProps) {
  const { mode, html, source } = drawn as TextDrawn;
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (box.current) box.current.innerHTML = html;
  }, [html]);
  return mode === "code" ? <pre class="textpanel">{source}</pre> : <div class="textpanel" ref={box} />;
}
