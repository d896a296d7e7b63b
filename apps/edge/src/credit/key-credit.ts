import { randomUUID } from 'node:crypto';
import { GatewayError } from '@switchyard/contracts';
import type { ApiKey } from '@switchyard/contracts';
import { budgetsOf } from '../callers/caller.js';
import type { Clock } from './clock.js';
import { isLow, leaseSizeNanos } from './lease-size.js';
import { Lease } from './lease.js';
import type { Hold } from './lease.js';
import type { Lender } from './lender.js';
import { CreditRefused } from './refusal.js';
import { SpendRate } from './spend-rate.js';

export interface EdgeIdentity {
  readonly edgeId: string;
  readonly edgeEpoch: string;
}

interface Waiter {
  readonly key: ApiKey;
  readonly boundNanos: bigint;
  readonly resolve: (hold: Hold) => void;
  readonly reject: (error: unknown) => void;
}

interface LostQuestion {
  readonly id: string;
  /** What the question was about: the version of the key, or the lease. */
  readonly about: string;
  readonly askedAtMs: number;
}

/** A lost answer is asked for again this long: later the ledger may have swept the lease that it lent. */
const LOST_QUESTION_MS = 15_000;
/** Questions about one waiter before it is told to come back: more means that the ledger's answers make no sense. */
const MAX_QUESTIONS_PER_WAITER = 8;
/** After a background top-up was refused or failed, the next one waits: what is short stays short for a while. */
const TOP_UP_PAUSE_MS = 2_000;

/**
 * The credit of one key at this edge: its current lease, the ones that are running out, and the queue of those who wait for
 * the ledger. At most one question per key is under way, whatever the number of requests.
 */
export class KeyCredit {
  private lease: Lease | null = null;
  private readonly retired = new Set<Lease>();
  private readonly queue: Waiter[] = [];
  private asking = false;
  private pausedUntilMs = 0;
  /** Until then nothing is borrowed ahead of need; what is borrowed is renewed all the same. */
  private frugalUntilMs = 0;
  /** Questions whose answers got lost: asked again under the same id, so that money is never lent twice. */
  private lostGrant: LostQuestion | null = null;
  private lostTopUp: LostQuestion | null = null;
  private readonly rate: SpendRate;

  constructor(
    private readonly lender: Lender,
    private readonly edge: EdgeIdentity,
    private readonly clock: Clock,
  ) {
    this.rate = new SpendRate(clock);
  }

  /** The leases that still count: the current one and those whose generations have not all ended. */
  get leases(): readonly Lease[] {
    return this.lease ? [this.lease, ...this.retired] : [...this.retired];
  }
  get current(): Lease | null {
    return this.lease;
  }
  get busy(): boolean {
    return this.asking || this.queue.length > 0;
  }

  /**
   * Sets a bound aside: at once when the lease covers it, else after a question to the ledger.
   * @throws CreditRefused when the ledger will not lend it; GatewayError `service_unavailable` when it cannot be asked.
   */
  async admit(key: ApiKey, boundNanos: bigint): Promise<Hold> {
    // Those who wait go first, or a stream of small requests could starve a large one.
    if (this.queue.length === 0) {
      const hold = this.take(key, boundNanos);
      if (hold) return hold;
    }
    const { promise, resolve, reject } = Promise.withResolvers<Hold>();
    this.queue.push({ key, boundNanos, resolve, reject });
    if (!this.asking) void this.serveQueue();
    return promise;
  }

  spent(nanos: bigint): void {
    this.rate.add(nanos);
  }

  /** Tops up a low lease, or renews one that gets old, in the background. Failures wait for the next round. */
  async refresh(): Promise<void> {
    const { lease } = this;
    if (!lease?.live || this.asking || this.clock() < this.pausedUntilMs) return;
    const size = leaseSizeNanos(this.rate.perWindowNanos);
    const low = isLow(lease.roomNanos, size) && this.clock() >= this.frugalUntilMs;
    if (!low && !lease.shouldRenew) return;
    this.asking = true;
    const before = lease.grantedNanos;
    try {
      await this.topUp(lease, low ? size - lease.roomNanos : 0n, 0n);
      // Where money is tight nothing is lent ahead of need, and asking every second would not change that.
      if (low && lease.grantedNanos === before) this.frugalUntilMs = this.clock() + TOP_UP_PAUSE_MS;
    } catch {
      this.pausedUntilMs = this.clock() + TOP_UP_PAUSE_MS;
    } finally {
      this.asking = false;
      if (this.queue.length > 0) void this.serveQueue();
    }
  }

  /** Keeps retired leases alive while generations run on them, so that their usage is captured from lent money. */
  async renewRunning(): Promise<void> {
    for (const lease of this.retired) {
      if (lease.heldNanos === 0n || !lease.shouldRenew) continue;
      const { leaseId } = lease.identity;
      const { edgeEpoch } = this.edge;
      const askedAtMs = this.clock();
      try {
        const { roomNanos, returnedNanos } = lease;
        const nothing = { wantNanos: 0n, minNanos: 0n, roomNanos, returnedNanos };
        const request = { leaseId, topUpId: randomUUID(), edgeEpoch, ...nothing };
        const reply = await this.lender.topUp(request);
        if (reply.outcome === 'granted') lease.raise(reply, askedAtMs);
      } catch {
        // The ledger takes late usage from the account itself; the next round tries again.
      }
    }
  }

  /** Gives up what nothing is held or charged against, of those leases that are named; answers those of which the ledger must hear. */
  giveUp(leaseIds: ReadonlySet<string>): Lease[] {
    const recalled = this.leases.filter(({ identity }) => leaseIds.has(identity.leaseId));
    for (const lease of recalled) lease.giveUp();
    // Somebody else needs it now: it is not fetched back before a request needs it here.
    if (recalled.length > 0) this.frugalUntilMs = this.clock() + TOP_UP_PAUSE_MS;
    return recalled.filter(({ returnsUntold }) => returnsUntold);
  }

  /** Takes the current lease out of use; it stays until its generations have ended. */
  retire(): void {
    if (!this.lease) return;
    this.lease.retire();
    this.retired.add(this.lease);
    this.lease = null;
  }

  /** Forgets a lease that was given back. */
  forget(lease: Lease): void {
    this.retired.delete(lease);
    if (this.lease === lease) this.lease = null;
  }

  private take(key: ApiKey, boundNanos: bigint): Hold | null {
    // A changed key may have other caps, which the ledger binds to a lease when it grants it.
    if (this.lease && (!this.lease.live || this.lease.identity.keyVersion !== key.version)) this.retire();
    const hold = this.lease?.admit(boundNanos) ?? null;
    if (hold && isLow(hold.lease.roomNanos, leaseSizeNanos(this.rate.perWindowNanos))) void this.refresh();
    return hold;
  }

  private async serveQueue(): Promise<void> {
    this.asking = true;
    // Requests that come in the same turn share one question.
    await Promise.resolve();
    let questions = 0;
    while (this.queue[0]) {
      const waiter = this.queue[0];
      const hold = this.take(waiter.key, waiter.boundNanos);
      if (hold) {
        this.queue.shift();
        questions = 0;
        waiter.resolve(hold);
        continue;
      }
      try {
        questions += 1;
        if (questions > MAX_QUESTIONS_PER_WAITER)
          throw new GatewayError('service_unavailable', { retryAfterMs: 1_000 });
        await this.ask(waiter);
      } catch (error) {
        questions = 0;
        this.rejectAsRefused(waiter, error);
      }
    }
    this.asking = false;
  }

  /** What was refused to one is refused to all who need as much; an outage is everybody's. */
  private rejectAsRefused(refused: Waiter, error: unknown): void {
    const affected = this.queue.filter(
      ({ boundNanos, key }) =>
        !(error instanceof CreditRefused) || (boundNanos >= refused.boundNanos && key.version === refused.key.version),
    );
    for (const waiter of affected) {
      this.queue.splice(this.queue.indexOf(waiter), 1);
      waiter.reject(error);
    }
  }

  private async ask({ key, boundNanos }: Waiter): Promise<void> {
    const waiting = this.queue.reduce((sum, waiter) => sum + waiter.boundNanos, 0n);
    const size = leaseSizeNanos(this.rate.perWindowNanos);
    const want = waiting > size ? waiting : size;
    const { lease } = this;
    if (!lease) return this.grant(key, want, boundNanos);
    const room = lease.roomNanos;
    try {
      await this.topUp(lease, want - room, boundNanos - room);
    } catch (error) {
      // The lease is out of use: the next question asks for a new one.
      if (!isGone(error)) throw error;
    }
  }

  private async grant(key: ApiKey, wantNanos: bigint, minNanos: bigint): Promise<void> {
    const question = this.again(this.lostGrant, `version ${key.version}`);
    const { id: leaseId, askedAtMs } = question;
    const { accountId, id: keyId, version } = key;
    const budgets = budgetsOf(key);
    this.lostGrant = question;
    const reply = await this.lender.grant({ leaseId, accountId, keyId, ...this.edge, wantNanos, minNanos, budgets });
    this.lostGrant = null;
    if (reply.outcome === 'refused') throw new CreditRefused(reply, reply.availableNanos);
    this.lease = new Lease({ leaseId, accountId, keyId, keyVersion: version }, this.clock);
    this.lease.raise(reply, askedAtMs);
  }

  private async topUp(lease: Lease, wantNanos: bigint, minNanos: bigint): Promise<void> {
    const { leaseId } = lease.identity;
    const question = this.again(this.lostTopUp, leaseId);
    const { edgeEpoch } = this.edge;
    const { roomNanos, returnedNanos } = lease;
    const need = { wantNanos, minNanos, roomNanos, returnedNanos };
    this.lostTopUp = question;
    try {
      const reply = await this.lender.topUp({ leaseId, topUpId: question.id, edgeEpoch, ...need });
      this.lostTopUp = null;
      if (reply.outcome === 'refused') throw new CreditRefused(reply, reply.availableNanos + lease.roomNanos);
      lease.raise(reply, question.askedAtMs);
    } catch (error) {
      if (isGone(error)) {
        // The ledger has closed it already; what it was charged stays settled there.
        this.lostTopUp = null;
        if (this.lease === lease) this.retire();
      }
      throw error;
    }
  }

  private again(lost: LostQuestion | null, about: string): LostQuestion {
    const askedAtMs = this.clock();
    if (lost?.about === about && askedAtMs - lost.askedAtMs < LOST_QUESTION_MS) return lost;
    return { id: randomUUID(), about, askedAtMs };
  }
}

const isGone = (error: unknown): boolean => error instanceof GatewayError && error.code === 'not_found';
