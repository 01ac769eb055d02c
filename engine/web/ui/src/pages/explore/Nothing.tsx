import { Empty } from "../../parts/small";

export function Nothing({ expr }: { expr: string }) {
  const name = /[a-zA-Z_:][\w:]*/.exec(expr)?.[0] ?? "";
  return (
    <Empty>
      Nothing in this span. Is the name right (<a href={`graph?g0.expr=${encodeURIComponent(`count({__name__=~".*${name}.*"}) by (__name__)`)}&g0.tab=1`}>names like {name}</a>), is{" "}
      <a href="targets">its target</a> up?
    </Empty>
  );
}
