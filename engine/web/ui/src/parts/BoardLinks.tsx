import { type BoardLink, type Variable, listed } from "../lib/boards";
import { useAsk } from "../lib/ask";
import type { Range } from "../lib/time";
import { Away } from "./Away";

interface Props {
  links: BoardLink[];
  span: Range;
  chosen: Variable[];
}

/** What a dashboard leads to: addresses, and the dashboards that have its tags. */
export function BoardLinks({ links, span, chosen }: Props) {
  const some = links.some((one) => one.kind === "dashboards");
  const boards = useAsk((signal) => (some ? listed(signal) : Promise.resolve([])), [some]).data ?? [];
  const full = (url: string, link: BoardLink) => {
    const params = new URLSearchParams(link.keepTime ? { from: span.from, to: span.to } : {});
    if (link.keepVariables) for (const one of chosen) for (const value of one.isAll ? ["$__all"] : one.value) params.append(`var-${one.name}`, value);
    const query = params.toString();
    return query ? `${url}${url.includes("?") ? "&" : "?"}${query}` : url;
  };
  return (
    <>
      {links.map((link, i) => {
        if (link.kind !== "dashboards") return <Away key={i} link={{ ...link, url: full(link.url, link), title: link.tooltip }}>{link.title || link.url}</Away>;
        const found = boards.filter((one) => !one.problem && link.tags.every((tag) => one.tags.includes(tag)));
        const all = found.map((one) => <Away key={one.uid} link={{ url: full(one.url, link), title: one.folder, newTab: link.newTab }}>{one.title}</Away>);
        if (!link.asDropdown) return all;
        return (
          <details key={i} class="menu">
            <summary>{link.title || "Dashboards"} ▾</summary>
            <div class="popover options">{all.length ? all : "none"}</div>
          </details>
        );
      })}
    </>
  );
}
