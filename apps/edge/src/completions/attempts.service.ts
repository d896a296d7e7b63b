import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import type { StreamFailure, UpstreamStream } from '@switchyard/bus';
import { EdgeConfig } from '../config.js';
import type { Lease } from '../credit/lease.js';
import { HealthStore } from '../health/health.store.js';
import { EdgeProcess } from '../process/edge-process.js';
import { LoadService } from '../process/load.service.js';
import { AttemptCaller } from './attempt-caller.service.js';
import type { Asking, Silent, Spoken } from './attempt-caller.service.js';
import { attemptOptionsOf } from './attempt-options.js';
import { AttemptPlan } from './attempt-plan.js';
import type { PlannedAttempt } from './attempt-plan.js';
import { noteLeft, noteSuperseded } from './attempt-record.js';
import type { FailedAttempt } from './attempts-failed.js';
import type { Generation } from './generation.js';
import { hedgeDelayMs, mayHedge, mayLose } from './hedge.js';
import { runner, supersede, within } from './race.js';
import type { Runner } from './race.js';
import { RetryBudget } from './retry-budget.js';

/** An attempt that has spoken, and the plan that it came from. */
export interface Speaking<T> extends Spoken<T> {
  readonly plan: AttemptPlan;
}

export interface Search {
  readonly generation: Generation;
  readonly lease: Lease;
  /** Aborted when the client is gone. */
  readonly signal: AbortSignal;
}

/** Nobody spoke: every try failed, or the client left first. */
export class NobodySpoke extends Error {
  override readonly name = 'NobodySpoke';
  constructor(
    readonly failures: readonly FailedAttempt[],
    /** The end of the last stream that was opened, when it was cut off by the client's leaving. */
    readonly cut: StreamFailure | null,
  ) {
    super('no attempt succeeded');
  }
}

/** Tries candidates until one speaks. Nothing reaches the client from here, so another may always be tried after a failure. */
@Injectable()
export class Attempts {
  private readonly retries: RetryBudget;

  constructor(
    private readonly caller: AttemptCaller,
    private readonly health: HealthStore,
    private readonly edge: EdgeProcess,
    private readonly config: EdgeConfig,
    load: LoadService,
  ) {
    this.retries = new RetryBudget(() => load.runningGenerations);
  }

  /**
   * Calls workers one after another and reads of each with `read` what proves that it speaks.
   * @throws NobodySpoke when none does, or the client has gone.
   */
  async firstToSpeak<T>(search: Search, read: (stream: UpstreamStream) => Promise<T>): Promise<Speaking<T>> {
    const { generation, signal } = search;
    const asking = { ...search, body: generation.body, read };
    const plan = this.planOf(generation);
    const failures: FailedAttempt[] = [];
    let planned = plan.first();
    while (planned && !signal.aborted) {
      await pause(planned, signal);
      if (signal.aborted) break;
      const tried: readonly (Spoken<T> | Silent)[] = await this.try(asking, plan, planned);
      const last = tried.at(-1)!;
      if (!('cause' in last)) return { ...last, plan };
      for (const silent of tried)
        if ('cause' in silent) failures.push({ planned: silent.planned, failure: silent.cause.failure });
      if (signal.aborted) {
        noteLeft(last.attempt, 'client_gone');
        throw new NobodySpoke(failures, last.cause);
      }
      planned = this.next(plan, last);
    }
    planned?.slot?.release();
    throw new NobodySpoke(failures, null);
  }

  /** One attempt that has only to be made; for what goes on behind a first one. */
  call<T>(asking: Asking<T>, planned: PlannedAttempt): Promise<Spoken<T> | Silent> {
    return this.caller.call(asking, planned);
  }

  private planOf(generation: Generation): AttemptPlan {
    const { budget } = generation.options ?? attemptOptionsOf({}, this.config);
    return new AttemptPlan(generation.candidates, budget, {
      clock: this.edge.clock,
      retries: this.retries,
      isWell: (endpointId) => this.health.conditionOf(endpointId, this.health.nowMs()).state === 'healthy',
    });
  }

  private next(plan: AttemptPlan, { planned, attempt, cause: { failure } }: Silent): PlannedAttempt | null {
    // Its usage is on the books under this generation's id, and one id is billed once: nobody else may serve it.
    const step = failure.usage ? { planned: null, left: 'billed' as const } : plan.after(planned, failure);
    noteLeft(attempt, step.left);
    return step.planned;
  }

  /** One attempt, or two where the first is slow and the request may be asked twice. The last of the answer decides. */
  private async try<T>(
    asking: Asking<T>,
    plan: AttemptPlan,
    planned: PlannedAttempt,
  ): Promise<readonly (Spoken<T> | Silent)[]> {
    const delayMs = this.delayBefore(asking.generation, planned);
    if (delayMs === null) return [await this.caller.call(asking, planned)];
    const first = runner(planned, asking.signal, (signal) => this.caller.call({ ...asking, signal }, planned));
    const early = await within(first.tried, delayMs);
    if (early || asking.signal.aborted) return [early ?? (await first.tried)];
    const beside = plan.beside(planned, ({ endpoint }) => mayLose(endpoint));
    if (!beside) return [await first.tried];
    const second = runner(beside, asking.signal, (signal) => this.caller.call({ ...asking, signal }, beside));
    return this.race(asking.generation, first, second);
  }

  private async race<T>(
    generation: Generation,
    first: Runner<T>,
    second: Runner<T>,
  ): Promise<readonly (Spoken<T> | Silent)[]> {
    const winner = await Promise.race([first, second].map(async (run) => ({ run, tried: await run.tried })));
    const other = winner.run === first ? second : first;
    if ('cause' in winner.tried) {
      noteLeft(winner.tried.attempt, 'next_endpoint');
      return [winner.tried, await other.tried];
    }
    noteSuperseded(generation, other.planned);
    supersede(other);
    return [winner.tried];
  }

  private delayBefore(generation: Generation, { candidate: { endpoint } }: PlannedAttempt): number | null {
    const hedge = generation.options?.hedge;
    if (!hedge || hedge.when === 'never' || !mayHedge(generation) || !mayLose(endpoint)) return null;
    return hedgeDelayMs(hedge, endpoint, this.health.healthOf(endpoint.id)?.windows.last5m.latencyMs ?? null);
  }
}

async function pause({ waitMs }: PlannedAttempt, signal: AbortSignal): Promise<void> {
  if (waitMs > 0) await sleep(waitMs, undefined, { signal }).catch(() => undefined);
}
