import { useEffect, useState } from "preact/hooks";
import { base } from "./about";
import { addressOf, isHere } from "./here";

/** Where the page is: the path below the base, and its parameters. */
export interface Place {
  path: string;
  params: URLSearchParams;
}

const CHANGED = "engine:moved";

export function place(): Place {
  const path = location.pathname.startsWith(base) ? location.pathname.slice(base.length) : location.pathname;
  return { path: path || "/", params: new URLSearchParams(location.search) };
}

let leaving: (() => boolean) | undefined;

/** Whoever holds what is not saved is asked before another path is gone to; undefined takes that back. */
export function askBefore(may: (() => boolean) | undefined): void {
  leaving = may;
}

/** Goes to a path below the base; `replace` leaves no step for the way back. */
export function go(path: string, replace = false): void {
  if (leaving && path.split("?")[0] !== place().path && !leaving()) return;
  if (!isHere(path.split("?")[0]!) && path !== "/") return location.assign(addressOf(path));
  history[replace ? "replaceState" : "pushState"](null, "", base + path);
  dispatchEvent(new Event(CHANGED));
}

/** The same page with other parameters; undefined takes one away. */
export function turn(changes: Record<string, string | undefined>, replace = false): void {
  const { path, params } = place();
  for (const [name, value] of Object.entries(changes)) {
    if (value === undefined) params.delete(name);
    else params.set(name, value);
  }
  const query = params.toString();
  go(path + (query ? `?${query}` : ""), replace);
}

/** Which part of a page is open stands in the address, so that a link shows it too. */
export function useOpen(id: string): [boolean, () => void] {
  const open = usePlace().params.get("open") === id;
  return [open, () => turn({ open: open ? undefined : id }, true)];
}

export function usePlace(): Place {
  const [found, setFound] = useState(place);
  useEffect(() => {
    const moved = () => setFound(place());
    addEventListener("popstate", moved);
    addEventListener(CHANGED, moved);
    return () => {
      removeEventListener("popstate", moved);
      removeEventListener(CHANGED, moved);
    };
  }, []);
  return found;
}

/** Links inside the page need no new page. */
export function followLinks(): void {
  addEventListener("click", (event) => {
    if (event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey) return;
    const link = (event.target as Element | null)?.closest?.("a[href]") as HTMLAnchorElement | null;
    if (!link || link.target || link.dataset.away !== undefined || link.origin !== location.origin) return;
    if (!link.pathname.startsWith(base)) return;
    event.preventDefault();
    go(link.pathname.slice(base.length) + link.search + link.hash);
  });
}
