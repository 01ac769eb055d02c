/** What the server says of itself in the page's head: which component's port this is, where the others are. */
export interface About {
  component: string;
  title: string;
  /** Where the first port answers, when this is another one. */
  first: string;
  version: string;
  /** Whether rules over lines can be asked about. */
  line_rules: boolean;
}

const told = document.querySelector<HTMLMetaElement>('meta[name="engine"]')?.content ?? "{}";

export const about: About = { component: "prometheus", title: "engine", first: "", version: "", line_rules: false, ...JSON.parse(told) };

/** The path below which everything lies, without a slash at its end. */
export const base = new URL(document.baseURI).pathname.replace(/\/$/, "");
