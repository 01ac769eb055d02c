import { about } from "./about";

const ALERTING = ["/alerts", "/silences", "/routes"];
/** Each port has the pages that it can answer for; the first one has all, unless it is an agent's. */
const HERE: Record<string, string[]> = {
  alertmanager: ALERTING,
  grafana: ["/dashboards", "/d", "/login"],
  agent: ["/agent", "/targets", "/service-discovery", "/status"],
};
const served = HERE[about.component];

export const isAgent = about.component === "agent";

export const isHere = (path: string): boolean => (served ? served.some((one) => path === one || path.startsWith(`${one}/`)) : path !== "/agent");

/** Where a path is answered: at the first port, if not here. */
export const addressOf = (path: string): string => (isHere(path) ? path.slice(1) : about.first.replace(/\/$/, "") + path);

/** Whether metrics and streams can be asked for by name. */
export const hasNames = !served;
