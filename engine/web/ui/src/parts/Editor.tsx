import { useEffect, useRef, useState } from "preact/hooks";

export type Language = "promql" | "logql";

interface Props {
  language: Language;
  value: string;
  label: string;
  onRun: (text: string) => void;
  onInput?: (text: string) => void;
  /** The keyboard has gone elsewhere. */
  onLeave?: (text: string) => void;
}

/** A plain field at first; the editor takes its place as soon as it is loaded. */
export function Editor(props: Props) {
  const box = useRef<HTMLDivElement>(null);
  const [loaded, setLoaded] = useState(false);
  const latest = useRef(props);
  latest.current = props;
  const text = useRef(props.value);
  const tell = useRef<(value: string) => void>(() => undefined);

  useEffect(() => {
    let gone = false;
    let stop = () => undefined as void;
    import("./editor/mount").then(({ mount }) => {
      if (gone) return;
      const made = mount(box.current!, {
        language: props.language,
        value: text.current,
        label: props.label,
        run: (value) => latest.current.onRun(value),
        input: (value) => {
          text.current = value;
          latest.current.onInput?.(value);
        },
      });
      tell.current = made.set;
      stop = made.stop;
      setLoaded(true);
    });
    return () => {
      gone = true;
      stop();
    };
  }, [props.language]);

  useEffect(() => {
    if (props.value === text.current) return;
    text.current = props.value;
    tell.current(props.value);
  }, [props.value]);

  return (
    <div class="editor" onFocusOut={() => props.onLeave?.(text.current)}>
      <div ref={box} />
      {!loaded && (
        <textarea
          rows={1}
          aria-label={props.label}
          spellcheck={false}
          defaultValue={props.value}
          onInput={(event) => {
            text.current = event.currentTarget.value;
            props.onInput?.(text.current);
          }}
          onKeyDown={(event) => {
            if (event.key !== "Enter" || event.shiftKey) return;
            event.preventDefault();
            props.onRun(event.currentTarget.value);
          }}
        />
      )}
    </div>
  );
}
