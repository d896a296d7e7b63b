import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { EventPublisher } from '@switchyard/bus';
import { LeaseRecalled } from '@switchyard/contracts';
import type { RecallTarget } from './loan.js';
import { RecallsRepository } from './recalls.repository.js';

/** The edges answer in milliseconds; one that does not is dead, frozen or cut off, and its money comes back with its lease. */
export const RECALL_WAIT_MS = 300;
/** So long is nobody made to wait again for an edge that did not answer. */
const SILENT_MS = 10_000;
const MAX_SILENT_EDGES = 1_000;

interface Recall {
  readonly waitingFor: Set<string>;
  readonly done: PromiseWithResolvers<void>;
}

/**
 * Asks edges for the money that they hold no request against. All who need money of the same account or budget share one recall:
 * what comes back lies on the account, and the database lends it to those who ask, one after the other.
 */
@Injectable()
export class Recalls {
  private readonly byTarget = new Map<string, Promise<void>>();
  private readonly byId = new Map<string, Recall>();
  private readonly silentUntilMs = new Map<string, number>();

  constructor(
    private readonly leases: RecallsRepository,
    private readonly events: EventPublisher,
  ) {}

  /** Waits until every edge that has such money has answered, or for {@link RECALL_WAIT_MS}. Says whether the recall was begun before. */
  async recall(target: RecallTarget): Promise<'joined' | 'begun'> {
    const name = nameOf(target);
    const running = this.byTarget.get(name);
    if (running) {
      await running;
      return 'joined';
    }
    const begun = this.begin(target).finally(() => this.byTarget.delete(name));
    this.byTarget.set(name, begun);
    await begun;
    return 'begun';
  }

  /** An edge has answered: what it gave back is on the books. */
  answered(recallId: string, edgeId: string): void {
    this.silentUntilMs.delete(edgeId);
    const recall = this.byId.get(recallId);
    recall?.waitingFor.delete(edgeId);
    if (recall?.waitingFor.size === 0) recall.done.resolve();
  }

  private async begin(target: RecallTarget): Promise<void> {
    const byEdge = Map.groupBy(await this.leases.lenders(target), ({ edgeId }) => edgeId);
    const recallId = randomUUID();
    const waitingFor = new Set([...byEdge.keys()].filter((edgeId) => !this.isSilent(edgeId)));
    const done = Promise.withResolvers<void>();
    this.byId.set(recallId, { waitingFor, done });
    for (const [edgeId, lent] of byEdge) {
      const leaseIds = lent.map(({ leaseId }) => leaseId);
      this.events.publish(LeaseRecalled, { recallId, edgeId, leaseIds }, { suffix: edgeId });
    }
    if (waitingFor.size === 0) done.resolve();
    const timer = setTimeout(() => done.resolve(), RECALL_WAIT_MS);
    await done.promise;
    clearTimeout(timer);
    this.byId.delete(recallId);
    for (const edgeId of waitingFor) this.noteSilent(edgeId);
  }

  private isSilent(edgeId: string): boolean {
    const untilMs = this.silentUntilMs.get(edgeId);
    if (untilMs === undefined) return false;
    if (performance.now() < untilMs) return true;
    this.silentUntilMs.delete(edgeId);
    return false;
  }

  private noteSilent(edgeId: string): void {
    // Names of edges that are long gone would pile up.
    if (this.silentUntilMs.size >= MAX_SILENT_EDGES) this.silentUntilMs.clear();
    this.silentUntilMs.set(edgeId, performance.now() + SILENT_MS);
  }
}

const nameOf = (target: RecallTarget): string =>
  target.of === 'budget' ? `${target.scopeId} ${target.interval}` : target.account;
