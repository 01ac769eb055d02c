import { asked } from "../../lib/api";
import { useAsk } from "../../lib/ask";
import { type Labels, seriesText } from "../../lib/labels";
import { exact } from "../../lib/numbers";
import { useRange } from "../../lib/range";
import { useSetting } from "../../lib/settings";
import { dateText, instants, momentText, timeText } from "../../lib/time";
import { Copy } from "../../parts/Copy";
import { Failure, LabelSet, Remarks } from "../../parts/small";
import { Nothing } from "./Nothing";

const MOST_ROWS = 1000;

type Value = [number, string];

interface Found {
  resultType: "vector" | "matrix" | "scalar" | "string";
  result: Sampled[] | Value;
}

interface Sampled {
  metric: Labels;
  value?: Value;
  values?: Value[];
}

/** The samples at the end of the span. */
export function Table({ expr }: { expr: string }) {
  const { range, turnOf } = useRange();
  const [, to] = instants(range, Date.now());
  const time = range.to === "now" ? undefined : to / 1000;
  const found = useAsk((signal) => asked<Found>("/api/v1/query", { query: expr, time }, signal), [expr, time, turnOf]);
  return (
    <>
      <Failure text={found.error} />
      <Remarks {...found.data} />
      {found.data && <Rows found={found.data.data} expr={expr} />}
    </>
  );
}

function Rows({ found, expr }: { found: Found; expr: string }) {
  const [by, setBy] = useSetting("table.sort", "");
  if (found.resultType === "scalar" || found.resultType === "string") return <p class="single">{exact((found.result as Value)[1])}</p>;
  const rows = (found.result as Sampled[]).map((one) => ({ metric: one.metric, values: one.values ?? [one.value!] }));
  if (!rows.length) return <Nothing expr={expr} />;
  const sorted = by ? rows.toSorted((a, b) => (by === "up" ? 1 : -1) * (Number(a.values.at(-1)![1]) - Number(b.values.at(-1)![1]))) : rows;
  const now = Date.now();
  return (
    <>
      <table class="samples">
        <thead>
          <tr>
            <th>{rows.length} series <Copy text={() => rows.map((row) => `${seriesText(row.metric)}\t${row.values.map(([, value]) => value).join("\t")}`).join("\n")}>Copy table</Copy></th>
            <th class="right">
              <button type="button" onClick={() => setBy(by === "down" ? "up" : by === "up" ? "" : "down")}>
                value {by === "down" ? "↓" : by === "up" ? "↑" : ""}
              </button>
            </th>
          </tr>
        </thead>
        <tbody>
          {sorted.slice(0, MOST_ROWS).map(({ metric, values }, i) => (
            <tr key={i}>
              <td>
                <code>{metric.__name__}</code> <LabelSet labels={metric} skip={["__name__"]} />
              </td>
              <td class="right number">
                {values.map(([at, text]) => (
                  <div key={at} title={momentText(at * 1000)}>
                    {exact(text)} {found.resultType === "matrix" && <small>{dateText(at * 1000) === dateText(now) ? timeText(at * 1000, true) : momentText(at * 1000)}</small>}
                  </div>
                ))}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {rows.length > MOST_ROWS && <p class="foot">The first {MOST_ROWS} of them; narrow the expression to see others.</p>}
    </>
  );
}
