import { get } from "../lib/api";
import { useAsk } from "../lib/ask";
import { Failure } from "../parts/small";
import { Forwarding } from "../parts/Forwarding";
import type { Told } from "./Targets";

/** The first page of an agent, which has no queries, rules or alerts to show. */
export function Agent() {
  const found = useAsk((signal) => get<Told>("/api/v1/targets", { state: "active" }, signal), [], 5000);
  const runtime = useAsk((signal) => get<{ storageRetention: string }>("/api/v1/status/runtimeinfo", {}, signal), []);
  const targets = found.data?.activeTargets;
  const up = targets?.filter((one) => one.health === "up").length;
  return (
    <main>
      <header class="head"><h1>Agent</h1></header>
      <section class="card">
        <p>
          This engine is an agent: it scrapes targets and forwards their samples. Ask the servers below for graphs, rules and alerts: here they are
          not answered. What waits is kept for {runtime.data?.storageRetention || "some time"} at most.
        </p>
        <Failure text={found.error} />
        {targets && (
          <p>
            <a href="targets">{up} of {targets.length} {targets.length === 1 ? "target is" : "targets are"} up</a>; <a href="service-discovery">what was discovered</a>; <a href="status">how it runs</a>
          </p>
        )}
      </section>
      <Forwarding />
    </main>
  );
}
