import { ask } from "../../lib/api";
import { useAsk } from "../../lib/ask";
import { stepFor } from "../../lib/matrix";
import { useRange } from "../../lib/range";
import { instants } from "../../lib/time";
import { Failure } from "../../parts/small";

interface Node {
  depth: number;
  text: string;
  rows: number | null;
  samples: number | null;
  milliseconds: number | null;
}

/** How the engine would go about it, and what each part of it took. */
export function Explain({ expr }: { expr: string }) {
  const { range, turnOf } = useRange();
  const [from, to] = instants(range, Date.now()).map((ms) => ms / 1000) as [number, number];
  const found = useAsk(
    (signal) => ask<Node[]>("/api/v1/query_explain", { query: expr, start: from, end: to, step: stepFor(from, to) }, signal),
    [expr, range.from, range.to, turnOf],
  );
  return (
    <>
      <Failure text={found.error} />
      {found.data && <Plan nodes={found.data} />}
    </>
  );
}

function Plan({ nodes }: { nodes: Node[] }) {
  const all = Math.max(...nodes.map((node) => node.milliseconds ?? 0)) || 1;
  return (
    <table class="planned">
      <thead>
        <tr>
          <th>What is done</th>
          <th class="right">rows</th>
          <th class="right">samples read</th>
          <th class="right">time</th>
        </tr>
      </thead>
      <tbody>
        {nodes.map((node, i) => (
          <tr key={i}>
            <td style={{ paddingLeft: `${0.6 + node.depth * 1.2}em` }}>
              <code>{node.text}</code>
            </td>
            <td class="right number">{node.rows?.toLocaleString() ?? ""}</td>
            <td class="right number">{node.samples?.toLocaleString() ?? ""}</td>
            <td class="right number">
              <meter min={0} max={all} value={node.milliseconds ?? 0} /> {node.milliseconds === null ? "" : `${node.milliseconds.toFixed(1)} ms`}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
