export type Labels = Record<string, string>;

/** `up{job="x"}`, as people write it. */
export function seriesText(labels: Labels): string {
  const pairs = Object.entries(labels)
    .filter(([name]) => name !== "__name__")
    .map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  const name = labels.__name__ ?? "";
  return pairs.length || !name ? `${name}{${pairs.join(", ")}}` : name;
}

export function matchersText(labels: Labels): string {
  return `{${Object.entries(labels)
    .map(([name, value]) => `${name}=${JSON.stringify(value)}`)
    .join(", ")}}`;
}

/** The labels of which not all are equal: what tells series from each other. */
export function telling(all: Labels[]): Set<string> {
  const names = new Set(all.flatMap((labels) => Object.keys(labels)));
  return new Set([...names].filter((name) => all.some((labels) => labels[name] !== all[0]![name])));
}
