import type { Port } from '../core/ports.js';
import type { World } from './world.js';

/** Chances per message, 0 to 1. */
export interface Faults {
  readonly drop: number;
  readonly duplicate: number;
  readonly reorder: number;
  readonly delay: number;
}

export interface Delivery {
  readonly subject: string;
  readonly data: Uint8Array;
  readonly reply: string | undefined;
  readonly noResponders: boolean;
}

interface Subscription {
  readonly port: SimulatedPort;
  readonly prefix: string;
  readonly queue: string | undefined;
  readonly onMessage: (delivery: Delivery) => void;
}

const LATENCY_MS = 1;
const DELAY_MS = 400;

/** A broker as bad as asked for: loses, doubles, delays and reorders messages, and loses what is under way on a cut. */
export class Broker {
  private subscriptions: Subscription[] = [];
  private readonly readyMs = new Map<SimulatedPort, number>();
  messages = 0;

  constructor(
    private readonly world: World,
    public faults: Faults,
  ) {}

  subscribe(port: SimulatedPort, prefix: string, onMessage: (delivery: Delivery) => void, queue?: string): void {
    this.subscriptions.push({ port, prefix, queue, onMessage });
  }

  leave(port: SimulatedPort, prefix: string): void {
    this.subscriptions = this.subscriptions.filter((each) => each.port !== port || each.prefix !== prefix);
  }

  publish(subject: string, data: Uint8Array, reply: string | undefined): void {
    this.messages += 1;
    const delivery = { subject, data, reply, noResponders: false };
    const targets = this.targets(subject);
    if (targets.length > 0) for (const target of targets) this.send(target, delivery);
    else if (reply !== undefined) {
      const answer = { subject: reply, data: new Uint8Array(0), reply: undefined, noResponders: true };
      for (const target of this.targets(reply)) this.send(target, answer);
    }
  }

  private targets(subject: string): Subscription[] {
    const matching = this.subscriptions.filter(({ port, prefix }) => port.connected && subject.startsWith(prefix));
    const groups = new Map<string, Subscription[]>();
    for (const each of matching) {
      if (each.queue !== undefined) groups.set(each.queue, [...(groups.get(each.queue) ?? []), each]);
    }
    const chosen = [...groups.values()].map((members) => members[this.world.below(members.length)]!);
    return [...matching.filter(({ queue }) => queue === undefined), ...chosen];
  }

  private send(target: Subscription, delivery: Delivery): void {
    const { drop, duplicate } = this.faults;
    if (this.world.random() < drop) return;
    this.deliver(target, delivery);
    if (this.world.random() < duplicate) this.deliver(target, delivery);
  }

  private deliver(target: Subscription, delivery: Delivery): void {
    const { world, faults } = this;
    const lateMs = world.random() < faults.delay ? world.random() * DELAY_MS : 0;
    let atMs = world.nowMs() + LATENCY_MS + lateMs;
    // In order per connection, unless this message is to be out of order.
    if (world.random() >= faults.reorder) {
      atMs = Math.max(atMs, this.readyMs.get(target.port) ?? 0);
      this.readyMs.set(target.port, atMs);
    }
    const { connections } = target.port;
    world.after(atMs - world.nowMs(), () => {
      if (target.port.connected && target.port.connections === connections)
        target.port.receive(() => target.onMessage(delivery));
    });
  }
}

/** A connection that can be cut, of a process that can freeze. */
export class SimulatedPort implements Port {
  readonly address: string;
  connected = true;
  changedAtMs = 0;
  /** Counts the connections made, so that what was under way on an earlier one is lost. */
  connections = 0;

  constructor(
    private readonly world: World,
    private readonly broker: Broker,
    private readonly process: { clockMs(): number; run(work: () => void): void },
    private readonly events: { onDown(port: SimulatedPort): void; onUp(port: SimulatedPort): void },
  ) {
    this.address = world.id();
  }

  receive(message: () => void): void {
    this.process.run(message);
  }

  publish(subject: string, payload: Uint8Array, reply?: string): void {
    if (this.connected) this.broker.publish(subject, payload, reply);
  }

  cut(durationMs: number): void {
    if (!this.connected) return;
    this.connected = false;
    this.changedAtMs = this.process.clockMs();
    this.process.run(() => this.events.onDown(this));
    if (Number.isFinite(durationMs)) this.world.after(durationMs, () => this.restore());
  }

  private restore(): void {
    this.connected = true;
    this.connections += 1;
    this.changedAtMs = this.process.clockMs();
    this.process.run(() => this.events.onUp(this));
  }
}
