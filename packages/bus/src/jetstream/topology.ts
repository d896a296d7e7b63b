import { jetstreamManager, JetStreamApiError, JetStreamApiCodes, type JetStreamManager } from '@nats-io/jetstream';
import { Logger } from '@nestjs/common';
import { setTimeout as sleep } from 'node:timers/promises';
import { Connection } from '../connection/connection.js';
import { describeJetStreamError } from './errors.js';
import { differences, type StreamPlan, topologyPlan } from './topology-plan.js';

export interface TopologyOptions {
  /** How many brokers of a cluster keep each stream: 1, 3 or 5. */
  readonly replicas?: number;
}

const PATIENCE_MS = 5_000;
const RETRY_MS = 200;

/** Streams and buckets do not match the plan, and cannot be made to without losing data. */
export class TopologyError extends Error {
  override readonly name = 'TopologyError';
}

/**
 * Makes the streams and buckets of a deployment, changes in place what NATS lets be changed, and reads every effective
 * configuration back, because a broker may drop settings that it does not know. Idempotent.
 * @param target a running bus, or the address of the broker.
 * @throws TopologyError that names each setting that is not as planned.
 */
export async function ensureTopology(
  target: string | { readonly jetstreamConnection: Connection },
  options: TopologyOptions = {},
): Promise<void> {
  if (typeof target !== 'string') return apply(target.jetstreamConnection, options);
  const connection = await Connection.open({ servers: target, name: 'topology' }, 'jetstream');
  try {
    await apply(connection, options);
  } finally {
    await connection.close();
  }
}

async function apply(connection: Connection, { replicas }: TopologyOptions): Promise<void> {
  const manager = await jetstreamManager(connection.nats, { checkAPI: false });
  const logger = new Logger('topology');
  for (const plan of topologyPlan(replicas)) {
    try {
      const action = await patiently(() => ensureStream(manager, plan));
      if (action !== 'kept') logger.log(`stream ${plan.name} ${action}`);
    } catch (error) {
      if (error instanceof TopologyError) throw error;
      throw new TopologyError(`stream ${plan.name}: ${describeJetStreamError(error)}`, { cause: error });
    }
  }
}

/** A broker that has only just started, or deletes streams in the background, refuses for a moment. */
async function patiently<T>(attempt: () => Promise<T>): Promise<T> {
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (isFault(error) || performance.now() >= deadline) throw error;
      await sleep(RETRY_MS);
    }
  }
}

/** What trying again cannot change: our plan against the broker's streams, not the broker's state. */
const isFault = (error: unknown): boolean =>
  error instanceof TopologyError || (error instanceof JetStreamApiError && error.status >= 400 && error.status < 500);

async function ensureStream(manager: JetStreamManager, plan: StreamPlan): Promise<'made' | 'changed' | 'kept'> {
  const existing = await find(manager, plan.name);
  if (!existing) {
    const made = await manager.streams.add(plan);
    assertMatches(plan, made.config);
    return 'made';
  }
  const wrong = differences(plan, existing.config);
  if (wrong.length === 0) return 'kept';
  try {
    const { config } = await manager.streams.update(plan.name, { ...existing.config, ...plan });
    assertMatches(plan, config);
    return 'changed';
  } catch (error) {
    if (!(error instanceof JetStreamApiError)) throw error;
    throw new TopologyError(
      `stream ${plan.name} cannot be changed in place (${describeJetStreamError(error)}): ${wrong.join('; ')}. ` +
        'Move its messages to a stream of another name, delete it, and run this again.',
      { cause: error },
    );
  }
}

async function find(manager: JetStreamManager, name: string) {
  try {
    return await manager.streams.info(name);
  } catch (error) {
    if (error instanceof JetStreamApiError && error.code === JetStreamApiCodes.StreamNotFound) return null;
    throw error;
  }
}

function assertMatches(plan: StreamPlan, effective: Parameters<typeof differences>[1]): void {
  const wrong = differences(plan, effective);
  if (wrong.length === 0) return;
  throw new TopologyError(`the broker did not take the settings of stream ${plan.name}: ${wrong.join('; ')}`);
}
