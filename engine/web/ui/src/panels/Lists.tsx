import type { Annotation, Drawn } from "../lib/boards";
import type { Labels } from "../lib/labels";
import { Ago, Badge, LabelSet, type Tone } from "../parts/small";
import { momentText } from "../lib/time";
import type { PanelProps } from "./kinds";

interface Alerts extends Drawn {
  alerts: { name: string; state: string; labels: Labels; value: string; since: number }[];
}

const TONES: Record<string, Tone> = { firing: "bad", alerting: "bad", pending: "warn", normal: "good", inactive: "good" };

export function AlertList({ drawn, height }: PanelProps) {
  const { alerts } = drawn as Alerts;
  return (
    <div class="scroll" style={{ height: `${height}px` }}>
      {alerts.map((one, i) => (
        <p key={i} class="line">
          <Badge tone={TONES[one.state] ?? "plain"}>{one.state}</Badge> <strong>{one.name}</strong> <LabelSet labels={one.labels} skip={["alertname"]} />
          {one.since > 0 && <Ago ms={one.since} />}
        </p>
      ))}
      {!alerts.length && <p class="empty">No alert.</p>}
    </div>
  );
}

interface Boards extends Drawn {
  boards: { uid: string; title: string; url: string; tags: string[]; folder: string }[];
}

export function BoardList({ drawn, height }: PanelProps) {
  return (
    <div class="scroll" style={{ height: `${height}px` }}>
      {(drawn as Boards).boards.map((one) => (
        <p key={one.uid}><a href={one.url.replace(/^\//, "")}>{one.title}</a> <small>{one.folder}</small></p>
      ))}
    </div>
  );
}

/** The dashboard's own, newest first. */
export function AnnotationList({ marks, height }: PanelProps) {
  return (
    <div class="scroll" style={{ height: `${height}px` }}>
      {marks.toReversed().map((one: Annotation, i) => (
        <p key={i} class="line">
          <Badge tone="plain">{one.name}</Badge> <span>{[one.title, one.text].filter(Boolean).join(" ")}</span> <small>{momentText(one.time)}</small>
        </p>
      ))}
      {!marks.length && <p class="empty">No annotation.</p>}
    </div>
  );
}
