import { useState } from "preact/hooks";
import { type Matcher, type Silence, managed, matcherText, matchersOf, silenceText, silences } from "../lib/alerts";
import { sent } from "../lib/api";
import { useAsk } from "../lib/ask";
import { turn, usePlace } from "../lib/route";
import { keep, setting } from "../lib/settings";
import { momentText, span } from "../lib/time";
import { Ago, Badge, Empty, Failure, Filter, type Tone } from "../parts/small";

const STATES: Record<string, Tone> = { active: "good", pending: "warn", expired: "quiet" };

export function Silences() {
  const { params } = usePlace();
  const text = params.get("q") ?? "";
  const fresh = params.get("new");
  const found = useAsk(silences, [], 5000);
  const seen = (found.data ?? []).filter((one) => `${one.id} ${one.comment} ${one.createdBy} ${one.matchers.map(matcherText)}`.toLowerCase().includes(text.toLowerCase()));
  return (
    <main>
      <header class="head">
        <h1>Silences</h1>
        <button type="button" class="primary" onClick={() => turn({ new: "" })}>New silence</button>
        <Filter value={text} name="Filter" onInput={(q) => turn({ q: q || undefined }, true)} />
      </header>
      {fresh !== null && <Form start={fresh} done={() => { turn({ new: undefined }); found.again(); }} />}
      <Failure text={found.error} />
      {seen.map((one) => (
        <Row key={one.id} one={one} again={found.again} />
      ))}
      {found.data && !seen.length && <Empty>No silence{text ? " has that" : ""}.</Empty>}
    </main>
  );
}

function Row({ one, again }: { one: Silence; again: () => void }) {
  const [failure, setFailure] = useState<string>();
  const expire = () => sent("DELETE", `/api/v2/silence/${one.id}`).then(again, (error: Error) => setFailure(error.message));
  return (
    <article class="card">
      <div class="line">
        <Badge tone={STATES[one.status.state]!}>{one.status.state}</Badge>
        <code>{one.matchers.map(matcherText).join(", ")}</code>
        <span class="grow" />
        {one.status.state === "expired" ? <span class="quiet">ended <Ago ms={Date.parse(one.endsAt)} /></span> : <span class="quiet">ends <Ago ms={Date.parse(one.endsAt)} /></span>}
        {one.status.state !== "expired" && <button type="button" onClick={expire}>Expire</button>}
        {one.status.state === "expired" && <a class="button" href={`silences?new=${encodeURIComponent(silenceText(one.matchers))}`}>Again</a>}
      </div>
      <p class="summary">{one.comment} <span class="quiet">by {one.createdBy}, {momentText(Date.parse(one.startsAt))} to {momentText(Date.parse(one.endsAt))}</span></p>
      <Failure text={failure} />
    </article>
  );
}

/** Two clicks from an alert: its labels are filled in, two hours are proposed. */
function Form({ start, done }: { start: string; done: () => void }) {
  const [text, setText] = useState(start || "{}");
  const [length, setLength] = useState("2h");
  const [author, setAuthor] = useState(setting("author", ""));
  const [comment, setComment] = useState("");
  const [failure, setFailure] = useState<string>();
  const matchers = matchersOf(text);
  const ms = span(length);
  const bad = !matchers?.length ? 'Write matchers such as {alertname="X", severity=~"page|critical"}.' : !ms ? "Write a length such as 2h or 1d." : undefined;
  const make = (event: Event) => {
    event.preventDefault();
    if (bad) return;
    keep("author", author);
    const now = Date.now();
    const body = { matchers, startsAt: new Date(now).toISOString(), endsAt: new Date(now + ms!).toISOString(), createdBy: author || "page", comment: comment || "made on the page" };
    sent("POST", "/api/v2/silences", body).then(done, (error: Error) => setFailure(error.message));
  };
  return (
    <form class="card form" onSubmit={make}>
      <label>Matchers <input class="code" value={text} onInput={(e) => setText(e.currentTarget.value)} /></label>
      <label>For <input value={length} onInput={(e) => setLength(e.currentTarget.value)} size={6} /></label>
      <label>By <input value={author} onInput={(e) => setAuthor(e.currentTarget.value)} placeholder="your name" /></label>
      <label class="grow">Why <input value={comment} onInput={(e) => setComment(e.currentTarget.value)} /></label>
      <button type="submit" class="primary" disabled={Boolean(bad)}>Silence</button>
      <button type="button" onClick={done}>Cancel</button>
      <Failure text={failure ?? bad} />
      {matchers && <Concerned matchers={matchers} />}
    </form>
  );
}

function Concerned({ matchers }: { matchers: Matcher[] }) {
  const found = useAsk((signal) => managed(signal, matchers), [silenceText(matchers)], 5000);
  const hit = matchers.length ? (found.data ?? []) : [];
  return <p class="quiet">{hit.length ? `Concerns now: ${hit.map((one) => one.labels.alertname).join(", ")}` : "Concerns no alert now."}</p>;
}
