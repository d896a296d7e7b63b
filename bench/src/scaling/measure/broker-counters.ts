/** What a broker has carried and stored since it started. */
export interface BrokerCounters {
  readonly messagesIn: number;
  readonly messagesOut: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** Messages and bytes that its streams have taken, by the name of the stream. */
  readonly stored: Readonly<Record<string, { readonly messages: number; readonly bytes: number }>>;
}

interface Varz {
  readonly in_msgs: number;
  readonly out_msgs: number;
  readonly in_bytes: number;
  readonly out_bytes: number;
}

interface Jsz {
  readonly account_details?: readonly {
    readonly stream_detail?: readonly {
      readonly name: string;
      readonly state: { readonly last_seq: number; readonly bytes: number };
    }[];
  }[];
}

async function ask<Reply>(url: string): Promise<Reply> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url} answers ${response.status}`);
  return (await response.json()) as Reply;
}

/** @param url of the broker's monitoring */
export async function readBroker(url: string): Promise<BrokerCounters> {
  const [varz, jsz] = await Promise.all([ask<Varz>(`${url}/varz`), ask<Jsz>(`${url}/jsz?streams=1`)]);
  const streams = (jsz.account_details ?? []).flatMap(({ stream_detail: details }) => details ?? []);
  return {
    messagesIn: varz.in_msgs,
    messagesOut: varz.out_msgs,
    bytesIn: varz.in_bytes,
    bytesOut: varz.out_bytes,
    stored: Object.fromEntries(
      streams.map(({ name, state }) => [name, { messages: state.last_seq, bytes: state.bytes }]),
    ),
  };
}
