import { setTimeout as sleep } from 'node:timers/promises';
import { clientFaults, type EdgeOutage } from './client-check.js';
import { ask, type Ask, type Seen } from './clients.js';
import { CLASS_A_MODEL, startFaultStack, type FaultStack, type FaultStackOptions } from './fault-stack.js';
import type { MoneyReport } from './money-check.js';
import { Random } from './random.js';
import { finalMoney, settledMoney, type Patience } from './settled.js';
import { startTraffic, type TrafficOptions } from './traffic.js';

/** Traffic before and after a fault, so that it hits requests in every phase and shows that all is well again. */
const LEAD_MS = 1_000;
const TAIL_MS = 1_000;

export interface During {
  /** Begins the labels; unique in its file, and decides what the clients do. */
  readonly name: string;
  readonly clients?: number;
  readonly edges?: readonly number[];
  readonly keys?: readonly string[];
  readonly wants?: TrafficOptions['wants'];
}

/** A stack for the faults of one file, and everything that its clients saw. */
export class FaultBench {
  readonly seen: Seen[] = [];
  readonly #outages: EdgeOutage[] = [];
  #allGiftsAllowed = false;
  readonly #gifts = new Set<string>();

  private constructor(readonly stack: FaultStack) {}

  static async start(options: FaultStackOptions = {}): Promise<FaultBench> {
    return new FaultBench(await startFaultStack(options));
  }

  /** Runs clients, inflicts the fault among them, and answers what they saw. The fault may say which edges it took away. */
  async during(
    { name, clients = 16, keys = [this.stack.account.apiKey], wants, edges }: During,
    fault: () => Promise<readonly EdgeOutage[] | void>,
  ): Promise<readonly Seen[]> {
    const traffic = startTraffic({
      edgeUrls: edges ? edges.flatMap((edge) => this.stack.edgeUrls[edge] ?? []) : this.stack.edgeUrls,
      keys,
      random: new Random(seedOf(name)),
      clients,
      prefix: name,
      ...(wants && { wants }),
    });
    let seen: readonly Seen[] = [];
    try {
      await sleep(LEAD_MS);
      this.#outages.push(...((await fault()) ?? []));
      await sleep(TAIL_MS);
    } finally {
      seen = await traffic.stop();
      this.seen.push(...seen);
    }
    return seen;
  }

  /** One client that stays; counted with the others. */
  async ask(label: string, change: Partial<Omit<Ask, 'label'>> = {}): Promise<Seen> {
    const seen = await this.askAside(label, change);
    this.seen.push(seen);
    return seen;
  }

  /** Asks without a note: for requests that are the same to the letter, label and all. */
  askAside(label: string, change: Partial<Omit<Ask, 'label'>> = {}): Promise<Seen> {
    return ask(this.stack.edgeUrls, {
      label,
      models: [CLASS_A_MODEL],
      stream: true,
      tokens: 10,
      tokensPerSecond: 0,
      maxTokens: 100,
      behaviour: { kind: 'stay' },
      edge: 0,
      key: this.stack.account.apiKey,
      ...change,
    });
  }

  /** Notes that clients of an edge may have been cut. */
  excuse(outage: EdgeOutage): void {
    this.#outages.push(outage);
  }

  /** Check C on everything seen so far: must be empty. */
  get clientFaults(): string[] {
    return clientFaults(this.seen, this.#outages);
  }

  /** Check M on everything so far, as soon as it is right. */
  money(patience: Patience = {}): Promise<MoneyReport> {
    return settledMoney(this.stack, this.seen, { giftsAllowed: this.#allGiftsAllowed || this.#gifts, ...patience });
  }

  /** Check M with every lease back; ends the edges. */
  finalMoney(): Promise<MoneyReport> {
    return finalMoney(this.stack, this.seen, { giftsAllowed: this.#allGiftsAllowed || this.#gifts });
  }

  /** The edge of this generation was killed in the moment between its client's last byte and its word to the worker. */
  allowGift(generationId: string | null): void {
    if (generationId !== null) this.#gifts.add(generationId);
  }

  /** From now on a fault may keep edges out of reach of their workers for longer than six seconds. */
  allowGifts(): void {
    this.#allGiftsAllowed = true;
  }

  stop(): Promise<void> {
    return this.stack.stop();
  }
}

/** FNV-1a: a name is a seed, and the same one always. */
function seedOf(name: string): number {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(name)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash;
}
