import { useState } from "preact/hooks";
import { useAsk } from "../lib/ask";
import { type Change, folders, fresh, modelOf, panelOf, sourceOf, sources, withPanel, writable } from "../lib/editing";
import { Dialog } from "./Dialog";
import { Difference } from "./Difference";
import { Failure } from "./small";

interface Props {
  query: string;
  source: "prometheus" | "loki";
  kind: string;
  stacked?: boolean;
  onClose: () => void;
}

const KINDS: Record<Props["source"], [string, string][]> = {
  prometheus: [["timeseries", "Lines over time"], ["stat", "Number"], ["gauge", "Gauge"], ["bargauge", "Bars"], ["table", "Table"]],
  loki: [["logs", "Lines of logs"], ["timeseries", "Lines over time"], ["stat", "Number"], ["table", "Table"]],
};
const NEW = "";

/** A query becomes a panel of a dashboard: of one that is there, or of a new one. */
export function AddToBoard({ query, source, kind: first, stacked, onClose }: Props) {
  const boards = useAsk(writable, []);
  const places = useAsk(folders, []);
  const known = useAsk(sources, []);
  const [uid, setUid] = useState<string>();
  const [name, setName] = useState("");
  const [folder, setFolder] = useState<string>();
  const [title, setTitle] = useState(query.length > 60 ? `${query.slice(0, 57)}…` : query);
  const [kind, setKind] = useState(first);
  const [change, setChange] = useState<Change>();
  const [saved, setSaved] = useState<{ url: string; title: string; file: string }>();
  const [failure, setFailure] = useState<string>();
  const target = uid ?? boards.data?.[0]?.uid ?? NEW;
  const of = known.data?.filter((one) => one.type === source && !one.problem) ?? [];
  const look = async (event: Event) => {
    event.preventDefault();
    setFailure(undefined);
    const panel = panelOf(query, kind, title, of.find((one) => one.isDefault) ?? of[0], stacked);
    try {
      if (target === NEW) return setChange({ dashboard: withPanel(fresh(name), panel), folderUid: folder ?? places.data?.[0]?.uid, revision: "" });
      const found = await sourceOf(target, new AbortController().signal);
      setChange({ uid: target, dashboard: withPanel(modelOf(found.text), panel), revision: found.revision });
    } catch (error) {
      setFailure((error as Error).message);
    }
  };
  const none = boards.data && places.data && !boards.data.length && !places.data.length;
  return (
    <Dialog title="Add to dashboard" onClose={onClose}>
      <Failure text={boards.error ?? places.error ?? known.error ?? failure} />
      {(!boards.data || !places.data) && !boards.error && !places.error && <div class="waiting" aria-busy="true" />}
      {none && <p>There is no folder that dashboards may be saved to: name one in <code>grafana/provisioning/dashboards</code>, with <code>allowUiUpdates: true</code>.</p>}
      {known.data && !of.length && <p>No data source of the type {source} is provisioned: the panel will ask the default one.</p>}
      {saved && <p role="status">Saved to <code>{saved.file}</code>: <a href={saved.url.replace(/^\//, "")}>{saved.title}</a></p>}
      {!none && !saved && !change && boards.data && places.data && (
        <form class="form" onSubmit={look}>
          <label>Dashboard
            <select value={target} onChange={(e) => setUid(e.currentTarget.value)}>
              {boards.data.map((one) => <option key={one.uid} value={one.uid}>{one.folder ? `${one.folder} / ` : ""}{one.title}</option>)}
              {places.data.length > 0 && <option value={NEW}>A new one</option>}
            </select>
          </label>
          {target === NEW && <label>Its title <input value={name} required onInput={(e) => setName(e.currentTarget.value)} /></label>}
          {target === NEW && places.data.length > 1 && (
            <label>Folder
              <select value={folder} onChange={(e) => setFolder(e.currentTarget.value)}>{places.data.map((one) => <option key={one.uid + one.path} value={one.uid}>{one.title}</option>)}</select>
            </label>
          )}
          <label class="grow">Panel <input value={title} required onInput={(e) => setTitle(e.currentTarget.value)} /></label>
          <label>Drawn as
            <select value={kind} onChange={(e) => setKind(e.currentTarget.value)}>{KINDS[source].map(([one, told]) => <option key={one} value={one}>{told}</option>)}</select>
          </label>
          <button type="submit" class="primary">Show the difference</button>
        </form>
      )}
      {!saved && change && <Difference change={change} onSaved={setSaved} onBack={() => setChange(undefined)} />}
    </Dialog>
  );
}
