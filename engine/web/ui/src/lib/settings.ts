import { useEffect, useState } from "preact/hooks";

/** Settings stay in this browser. */
const PREFIX = "engine.";

export function setting(name: string, otherwise: string): string {
  try {
    return localStorage.getItem(PREFIX + name) ?? otherwise;
  } catch {
    return otherwise; // a browser that keeps nothing
  }
}

export function keep(name: string, value: string): void {
  try {
    localStorage.setItem(PREFIX + name, value);
  } catch {
    return; // the same
  }
}

export function useSetting(name: string, otherwise: string): [string, (value: string) => void] {
  const [value, setValue] = useState(() => setting(name, otherwise));
  return [
    value,
    (next) => {
      keep(name, next);
      setValue(next);
    },
  ];
}

export type Theme = "light" | "dark";

const dark = matchMedia("(prefers-color-scheme: dark)");

export function useTheme(): [Theme, () => void] {
  const [chosen, choose] = useSetting("theme", "");
  const [system, setSystem] = useState(dark.matches);
  useEffect(() => {
    const changed = () => setSystem(dark.matches);
    dark.addEventListener("change", changed);
    return () => dark.removeEventListener("change", changed);
  }, []);
  const theme = (chosen || (system ? "dark" : "light")) as Theme;
  useEffect(() => {
    document.documentElement.dataset.theme = theme;
    dispatchEvent(new Event("engine:theme"));
  }, [theme]);
  return [theme, () => choose(theme === "dark" ? "light" : "dark")];
}

/** The theme that the page is in, for what is drawn in its colours. */
export function useThemed(): Theme {
  const [theme, setTheme] = useState(document.documentElement.dataset.theme as Theme);
  useEffect(() => {
    const changed = () => setTheme(document.documentElement.dataset.theme as Theme);
    changed();
    addEventListener("engine:theme", changed);
    return () => removeEventListener("engine:theme", changed);
  }, []);
  return theme;
}
