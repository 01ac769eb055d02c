import { lazy, Suspense } from "preact/compat";
import { useEffect, useMemo, useState } from "preact/hooks";
import { about } from "./lib/about";
import { whenSignedIn } from "./lib/account";
import { focusFirst } from "./lib/focus";
import { addressOf, isAgent, isHere } from "./lib/here";
import { type Offered, RangeContext, rangeOf } from "./lib/range";
import { go, place, turn, usePlace } from "./lib/route";
import { useSetting, useTheme } from "./lib/settings";
import { type Range, span } from "./lib/time";
import { Guard } from "./parts/Guard";
import { type Key, Keys } from "./parts/Keys";
import { Refusal, SignIn, Who } from "./parts/SignIn";
import { TimePicker } from "./parts/TimePicker";
import { Agent } from "./pages/Agent";
import { Alerts } from "./pages/Alerts";
import { Discovery } from "./pages/Discovery";
import { Routes } from "./pages/Routes";
import { Rules } from "./pages/Rules";
import { Silences } from "./pages/Silences";
import { Status } from "./pages/Status";
import { Targets } from "./pages/Targets";

const Explore = lazy(() => import("./pages/explore/Explore").then((page) => page.Explore));
const Board = lazy(() => import("./pages/Board").then((page) => page.Board));
const EditBoard = lazy(() => import("./pages/EditBoard").then((page) => page.EditBoard));
const Boards = lazy(() => import("./pages/Boards").then((page) => page.Boards));
const Logs = lazy(() => import("./pages/logs/Logs").then((page) => page.Logs));

interface Page {
  path: string;
  name: string;
  view: () => preact.JSX.Element;
  /** It shows a span of time. */
  timed?: boolean;
  key: string;
}

const ALL: Page[] = [
  { path: "/agent", name: "Agent", view: () => <Agent />, key: "a" },
  { path: "/graph", name: "Metrics", view: () => <Explore />, timed: true, key: "m" },
  { path: "/logs", name: "Logs", view: () => <Logs />, timed: true, key: "l" },
  { path: "/dashboards", name: "Dashboards", view: () => <Boards />, key: "b" },
  { path: "/alerts", name: "Alerts", view: () => <Alerts />, timed: true, key: "a" },
  { path: "/silences", name: "Silences", view: () => <Silences />, key: "s" },
  { path: "/routes", name: "Routes", view: () => <Routes />, key: "o" },
  { path: "/rules", name: "Rules", view: () => <Rules />, timed: true, key: "r" },
  { path: "/targets", name: "Targets", view: () => <Targets />, timed: !isAgent, key: "t" },
  { path: "/service-discovery", name: "Discovery", view: () => <Discovery />, key: "d" },
  { path: "/status", name: "Status", view: () => <Status />, key: "i" },
];
const BOARD: Page = { path: "/dashboards", name: "Dashboard", view: () => <Board />, timed: true, key: "" };
const LOGIN: Page = { path: "/login", name: "Sign in", view: () => <SignIn />, key: "" };
const EDIT: Page = { path: "/dashboards", name: "Edit", view: () => <EditBoard />, key: "" };
/** Elsewhere than on the first port only what is answered there, and what its dashboards lead to. */
const PAGES = ALL.filter((page) => isHere(page.path) || (about.component === "grafana" && ["/graph", "/logs", "/alerts"].includes(page.path)));
const HOME = PAGES.find((page) => isHere(page.path))!;

/** The address of a page, on the span that is looked at. */
function linked(page: Page, params: URLSearchParams): string {
  const kept = page.timed ? ["from", "to"].filter((name) => params.get(name)).map((name) => [name, params.get(name)!]) : [];
  return page.path + (kept.length ? `?${new URLSearchParams(kept)}` : "");
}

/** Keys that press a button, wherever there is one. */
const pressing = (key: string, told: string): Key => ({ keys: key, told, act: () => document.querySelector<HTMLElement>(`nav.top [data-key="${key}"]`)?.click() });
const KEYS: Key[] = [
  { keys: "/", told: "to the first field", act: focusFirst },
  pressing("t", "choose the span of time"),
  pressing(",", "earlier"),
  pressing(".", "later"),
  pressing("z", "twice the span"),
  pressing("r", "ask again"),
  pressing("T", "light or dark"),
];

export function App() {
  const { path, params } = usePlace();
  const [theme, flip] = useTheme();
  const page = path.startsWith("/d/") ? (params.has("edit") ? EDIT : BOARD) : ([...PAGES, LOGIN].find((one) => one.path === path) ?? HOME);
  const [own, offer] = useState<Offered>();
  const range = useMemo(() => (own && !params.get("from") ? own.range : rangeOf(params)), [params, own]);
  const [turnOf, again] = useState(0);
  const [kept, keepRefresh] = useSetting("refresh", "");
  const refresh = own ? (params.get("refresh") ?? own.refresh) : kept;
  const setRefresh = (every: string) => (own ? turn({ refresh: every }, true) : keepRefresh(every));
  const choose = (next: Range) => turn({ from: next.from, to: next.to });
  useEffect(() => whenSignedIn(() => again((n) => n + 1)), []);
  useEffect(() => {
    const every = span(refresh);
    if (!every) return;
    const timer = setInterval(() => document.hidden || again((n) => n + 1), every);
    return () => clearInterval(timer);
  }, [refresh]);
  useEffect(() => {
    document.title = `${page.name} – ${about.title}`;
  }, [page]);
  const keys = useMemo(() => [...PAGES.map((one): Key => ({ keys: `g ${one.key}`, told: one.name, act: () => go(linked(one, place().params)) })), ...KEYS], []);

  return (
    <RangeContext.Provider value={{ range, turnOf, choose, offer }}>
      <nav class="top" aria-label="Pages" hidden={params.has("kiosk")}>
        <a class="brand" href={HOME.path.slice(1)}>engine</a>
        <div class="pages">
          {PAGES.map((one) => (
            <a key={one.path} href={addressOf(linked(one, params))} aria-current={one.path === page.path ? "page" : undefined} title={`g ${one.key}`}>
              {one.name}
            </a>
          ))}
        </div>
        {about.first && <a data-away href={about.first}>All of the engine</a>}
        <span class="grow" />
        {page.timed && <TimePicker range={range} refresh={refresh} intervals={own?.intervals} onRange={choose} onRefresh={setRefresh} onNow={() => again((n) => n + 1)} />}
        {page.path === "/dashboards" && <Who />}
        <Keys all={keys} />
        <button type="button" class="quiet" data-key="T" onClick={flip} aria-label={`Use the ${theme === "dark" ? "light" : "dark"} theme`} title="Light or dark">{theme === "dark" ? "☀" : "☾"}</button>
      </nav>
      <Suspense fallback={<div class="waiting" aria-busy="true" />}><Guard what="This page" of={path}>{page.view()}</Guard></Suspense>
      <Refusal />
    </RangeContext.Provider>
  );
}
