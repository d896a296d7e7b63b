import { jetstream } from '@nats-io/jetstream';
import { Connection, type ConnectionStatus } from './connection/connection.js';
import { type BusOptions, inboxPrefix } from './connection/options.js';
import { EventPublisher } from './events/publisher.js';
import { EventSubscriber } from './events/subscriber.js';
import { JetStreamConsumers } from './jetstream/consumers.js';
import { KvBuckets } from './jetstream/kv-buckets.js';
import { JetStreamPublisher } from './jetstream/publisher.js';
import { JetStreamReader } from './jetstream/reader.js';
import { RpcClient } from './rpc/client.js';

/**
 * A process's way to the others, without streams. Calls and events have one connection and JetStream has another, so that a
 * backlog of usage never stands in front of a call.
 */
export class Bus {
  readonly rpc: RpcClient;
  readonly events: EventPublisher;
  readonly subscriber: EventSubscriber;
  readonly jetstream: JetStreamPublisher;
  readonly consumers: JetStreamConsumers;
  readonly reader: JetStreamReader;
  readonly kv: KvBuckets;

  constructor(
    readonly controlConnection: Connection,
    readonly jetstreamConnection: Connection,
  ) {
    const client = jetstream(jetstreamConnection.nats, { watcherPrefix: inboxPrefix(jetstreamConnection.name) });
    this.rpc = new RpcClient(controlConnection);
    this.events = new EventPublisher(controlConnection);
    this.subscriber = new EventSubscriber(controlConnection);
    this.jetstream = new JetStreamPublisher(jetstreamConnection, client);
    this.consumers = new JetStreamConsumers(jetstreamConnection, client);
    this.reader = new JetStreamReader(jetstreamConnection, client);
    this.kv = new KvBuckets(jetstreamConnection, client);
  }

  /** Both connections are up. */
  get connected(): boolean {
    return this.controlConnection.connected && this.jetstreamConnection.connected;
  }

  /** Tells every change of either connection; returns what ends that. */
  onStatus(listener: (status: ConnectionStatus) => void): () => void {
    const endings = [this.controlConnection.onStatus(listener), this.jetstreamConnection.onStatus(listener)];
    return () => endings.forEach((end) => end());
  }

  /** Sends what is buffered and closes both connections. */
  async close(): Promise<void> {
    await Promise.all([this.controlConnection.close(), this.jetstreamConnection.close()]);
  }
}

/**
 * Connects a process that is not a Nest application: scripts and tests.
 * @throws Error in one line when there is no usable broker.
 */
export async function connectBus(options: BusOptions): Promise<Bus> {
  const control = await Connection.open(options, 'control');
  try {
    return new Bus(control, await Connection.open(options, 'jetstream'));
  } catch (error) {
    await control.close();
    throw error;
  }
}
