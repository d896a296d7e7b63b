import type { Subscription } from '@nats-io/transport-node';
import type { WorkerPeer } from '../core/worker-peer.js';
import { ANY_EDGE_BEAT, callSubject, controlPrefix, lastToken, workerGroup } from '../core/subjects.js';
import { isNoResponders } from '../nats-port.js';
import type { NatsPort } from '../nats-port.js';

/** The subscriptions of a worker on one of its connections. */
export class WorkerPort {
  private calls: Subscription | null = null;

  constructor(
    readonly port: NatsPort,
    private readonly peer: WorkerPeer,
  ) {}

  listen(): void {
    const { port, peer } = this;
    this.control(port.address);
    // Pings go to the process and not to a connection, so that a connection on its way back is not taken for a death.
    this.control(peer.worker, workerGroup(peer.worker));
    port.subscribe(ANY_EDGE_BEAT, (message) => peer.onEdgeBeat(lastToken(message.subject)));
    this.setRoom(true);
  }

  /** Bodies come in through a connection of their own. */
  listenForBodies(): void {
    this.control(this.port.address);
  }

  /** Joins or leaves the queue group. What is under way when it leaves is still answered, with `busy`. */
  setRoom(room: boolean): void {
    const { port, peer } = this;
    if (room) {
      this.calls ??= port.subscribe(
        callSubject(peer.provider),
        (message) => peer.onCall(port, message.data, message.reply),
        workerGroup(peer.provider),
      );
    } else if (this.calls) {
      this.calls.drain().catch(() => undefined);
      this.calls = null;
    }
  }

  private control(target: string, queue?: string): void {
    const { port, peer } = this;
    port.subscribe(
      `${controlPrefix(peer.provider, target)}*`,
      (message) => {
        // A beat that found no edge: its heartbeat decides whether it is dead.
        if (isNoResponders(message)) return;
        peer.onControl(port, target, message.subject, message.data, message.reply);
      },
      queue,
    );
  }
}
