import { lazy, Suspense } from "preact/compat";
import { useEffect, useMemo, useState } from "preact/hooks";
import { about } from "./lib/about";
import { type Offered, RangeContext, rangeOf } from "./lib/range";
import { turn, usePlace } from "./lib/route";
import { useSetting, useTheme } from "./lib/settings";
import { type Range, span } from "./lib/time";
import { TimePicker } from "./parts/TimePicker";
import { Alerts } from "./pages/Alerts";
import { Discovery } from "./pages/Discovery";
import { Routes } from "./pages/Routes";
import { Rules } from "./pages/Rules";
import { Silences } from "./pages/Silences";
import { Status } from "./pages/Status";
import { Targets } from "./pages/Targets";

const Explore = lazy(() => import("./pages/Explore").then((page) => page.Explore));
const Board = lazy(() => import("./pages/Board").then((page) => page.Board));
const Boards = lazy(() => import("./pages/Boards").then((page) => page.Boards));
const Logs = lazy(() => import("./pages/Logs").then((page) => page.Logs));

interface Page {
  path: string;
  name: string;
  view: () => preact.JSX.Element;
  /** It shows a span of time. */
  timed?: boolean;
  key: string;
}

const ALL: Page[] = [
  { path: "/graph", name: "Metrics", view: () => <Explore />, timed: true, key: "m" },
  { path: "/logs", name: "Logs", view: () => <Logs />, timed: true, key: "l" },
  { path: "/dashboards", name: "Dashboards", view: () => <Boards />, key: "b" },
  { path: "/alerts", name: "Alerts", view: () => <Alerts />, timed: true, key: "a" },
  { path: "/silences", name: "Silences", view: () => <Silences />, key: "s" },
  { path: "/routes", name: "Routes", view: () => <Routes />, key: "o" },
  { path: "/rules", name: "Rules", view: () => <Rules />, timed: true, key: "r" },
  { path: "/targets", name: "Targets", view: () => <Targets />, key: "t" },
  { path: "/service-discovery", name: "Discovery", view: () => <Discovery />, key: "d" },
  { path: "/status", name: "Status", view: () => <Status />, key: "i" },
];
const BOARD: Page = { path: "/dashboards", name: "Dashboard", view: () => <Board />, timed: true, key: "" };
const ALERTING = ["/alerts", "/silences", "/routes"];
/** Each port shows what it can answer for; the first one has all. */
const HERE: Record<string, string[]> = { alertmanager: ALERTING, grafana: ["/dashboards", "/graph", "/logs", "/alerts"] };
const PAGES = HERE[about.component] ? ALL.filter((page) => HERE[about.component]!.includes(page.path)) : ALL;
const OTHER_NAMES: Record<string, string> = { "/explore": "/logs", "/config": "/status", "/flags": "/status", "/tsdb-status": "/status" };

export function App() {
  const { path, params } = usePlace();
  const [theme, flip] = useTheme();
  const page = path.startsWith("/d/") ? BOARD : (PAGES.find((one) => one.path === (OTHER_NAMES[path] ?? path)) ?? PAGES[0]!);
  const [own, offer] = useState<Offered>();
  const range = useMemo(() => (own && !params.get("from") ? own.range : rangeOf(params)), [params, own]);
  const [turnOf, again] = useState(0);
  const [kept, keepRefresh] = useSetting("refresh", "");
  const refresh = own ? (params.get("refresh") ?? own.refresh) : kept;
  const setRefresh = (every: string) => (own ? turn({ refresh: every }, true) : keepRefresh(every));
  const choose = (next: Range) => turn({ from: next.from, to: next.to });
  useEffect(() => {
    const every = span(refresh);
    if (!every) return;
    const timer = setInterval(() => document.hidden || again((n) => n + 1), every);
    return () => clearInterval(timer);
  }, [refresh]);
  useEffect(() => {
    document.title = `${page.name} – ${about.title}`;
  }, [page]);
  useKeys();

  const time = new URLSearchParams(Object.entries({ from: params.get("from"), to: params.get("to") }).filter(([, v]) => v) as [string, string][]).toString();
  return (
    <RangeContext.Provider value={{ range, turnOf, choose, offer }}>
      <nav class="top" aria-label="Pages" hidden={params.has("kiosk")}>
        <a class="brand" href={PAGES[0]!.path.slice(1)}>engine</a>
        {PAGES.map((one) => (
          <a key={one.path} href={one.path.slice(1) + (one.timed && time ? `?${time}` : "")} aria-current={one.path === page.path ? "page" : undefined} title={`g ${one.key}`}>
            {one.name}
          </a>
        ))}
        {about.first && <a data-away href={about.first}>All of the engine</a>}
        <span class="grow" />
        {page.timed && <TimePicker range={range} refresh={refresh} intervals={own?.intervals} onRange={choose} onRefresh={setRefresh} onNow={() => again((n) => n + 1)} />}
        <button type="button" class="quiet" onClick={flip} aria-label={`Use the ${theme === "dark" ? "light" : "dark"} theme`} title="Light or dark">{theme === "dark" ? "☀" : "☾"}</button>
      </nav>
      <Suspense fallback={<div class="waiting" aria-busy="true" />}>{page.view()}</Suspense>
    </RangeContext.Provider>
  );
}

/** `g` and a letter go to a page, `/` to the first field. */
function useKeys(): void {
  useEffect(() => {
    let waiting = 0;
    const pressed = (event: KeyboardEvent) => {
      const field = event.composedPath()[0] as HTMLElement;
      if (event.ctrlKey || event.metaKey || event.altKey || field.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(field.tagName)) return;
      if (event.key === "/") {
        event.preventDefault();
        document.querySelector<HTMLInputElement>("main input[type=search], main textarea")?.focus();
      } else if (event.key === "g") {
        waiting = Date.now();
      } else if (Date.now() - waiting < 1500) {
        const page = PAGES.find((one) => one.key === event.key);
        if (page) document.querySelector<HTMLAnchorElement>(`nav.top a[href^="${page.path.slice(1)}"]:not(.brand)`)?.click();
      }
    };
    addEventListener("keydown", pressed);
    return () => removeEventListener("keydown", pressed);
  }, []);
}
