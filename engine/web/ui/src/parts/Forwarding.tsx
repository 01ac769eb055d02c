import { get } from "../lib/api";
import { useAsk } from "../lib/ask";
import { bytes } from "../lib/numbers";
import { Ago, Badge, Empty, Failure } from "./small";

interface Server {
  name: string;
  url: string;
  message: string;
  waiting: number;
  /** Whether samples wait that memory does not hold. */
  moreInLog: boolean;
  sent: number;
  refused: number;
  leftOut: number;
  sentAgain: number;
  bytes: number;
  senders: number;
  newest?: string;
  problem?: string;
}

interface Told {
  servers: Server[];
  withheld: string[];
}

/** Where samples go by remote write, and how far each server is. */
export function Forwarding() {
  const found = useAsk((signal) => get<Told>("/api/v1/status/remote_write", {}, signal), [], 5000);
  const told = found.data;
  return (
    <section class="card">
      <h2>Samples go to</h2>
      <Failure text={found.error} />
      {told?.withheld.map((url) => <Failure key={url} text={`${url}: nothing is sent there, since it lies beyond this machine; start with --deliver`} />)}
      {told && !told.servers.length && !told.withheld.length && <Empty>Nowhere: no remote_write is configured.</Empty>}
      {!!told?.servers.length && (
        <table>
          <thead>
            <tr><th>state</th><th>server</th><th class="right">waiting</th><th class="right">sent</th><th class="right">refused</th><th class="right">left out</th><th class="right">sent again</th><th class="right">senders</th><th>newest there</th></tr>
          </thead>
          <tbody>{told.servers.map((one) => <Row key={one.name} one={one} />)}</tbody>
        </table>
      )}
    </section>
  );
}

function Row({ one }: { one: Server }) {
  const number = (value: number) => <td class="right number">{value.toLocaleString()}</td>;
  return (
    <>
      <tr>
        <td><Badge tone={one.problem ? "bad" : one.refused ? "warn" : "good"}>{one.problem ? "takes nothing" : "takes all"}</Badge></td>
        <td>{one.name} <small>{one.url}, remote write {one.message.includes("v2") ? "2.0" : "1.0"}, {bytes(one.bytes)} so far</small></td>
        <td class="right number">{one.waiting.toLocaleString()}{one.moreInLog && <small> and more in the log</small>}</td>
        {number(one.sent)}{number(one.refused)}{number(one.leftOut)}{number(one.sentAgain)}{number(one.senders)}
        <td>{one.newest ? <Ago ms={Date.parse(one.newest)} /> : "nothing yet"}</td>
      </tr>
      {one.problem && <tr><td colSpan={9}><Failure text={`${one.problem}: it is tried again`} /></td></tr>}
    </>
  );
}
