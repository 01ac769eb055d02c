import { useEffect, useState } from "preact/hooks";
import { type Change, type Changed, difference, save } from "../lib/editing";
import { Failure } from "./small";

interface Props {
  change: Change;
  onSaved: (saved: { uid: string; url: string; title: string; file: string; revision: string }) => void;
  onBack: () => void;
}

/** What saving would change in the file, line by line; saved is only what was shown. */
export function Difference({ change, onSaved, onBack }: Props) {
  const [found, setFound] = useState<{ lines: Changed[]; revision: string; file: string }>();
  const [failure, setFailure] = useState<string>();
  const [busy, setBusy] = useState(false);
  useEffect(() => {
    difference(change).then(setFound, (error: Error) => setFailure(error.message));
  }, []);
  const stale = found !== undefined && change.uid !== undefined && found.revision !== change.revision;
  const write = () => {
    setBusy(true);
    setFailure(undefined);
    save(change)
      .then(onSaved, (error: Error) => setFailure(error.message))
      .finally(() => setBusy(false));
  };
  return (
    <section class="difference" aria-label="Difference">
      {found && <p>{change.uid ? "Changes in" : "A new file:"} <code>{found.file}</code></p>}
      {stale && <Failure text="The file has changed since it was opened here: copy what you need, and open it again." />}
      {found && !found.lines.length && <p class="quiet">Nothing differs.</p>}
      {found && found.lines.length > 0 && (
        <pre tabIndex={0}>
          {found.lines.map((line, i) => (
            <div key={i} class={line.kind === "+" ? "added" : line.kind === "-" ? "removed" : line.text.startsWith("@@") ? "quiet" : ""}>
              <i aria-label={line.kind === "+" ? "added" : line.kind === "-" ? "removed" : undefined}>{line.kind}</i> {line.text}
            </div>
          ))}
        </pre>
      )}
      <Failure text={failure} />
      <p class="actions">
        <button type="button" class="primary" disabled={busy || !found || stale || !found.lines.length} onClick={write}>Save</button>
        <button type="button" onClick={onBack}>Back</button>
      </p>
    </section>
  );
}
