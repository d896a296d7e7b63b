import { DiscardPolicy, RetentionPolicy, StorageType, type StreamConfig } from '@nats-io/jetstream';
import { nanos } from '@nats-io/transport-node';
import {
  CATALOGUE_BUCKET,
  GENERATIONS_STREAM,
  HEALTH_BUCKET,
  HEALTH_HISTORY_BUCKET,
  KEYS_BUCKET,
  PROBER_BUCKET,
} from '@switchyard/contracts';
import { STICKY_BUCKET, STICKY_MAX_AGE_MS } from '@switchyard/contracts';
import { LEDGER_EVENTS_STREAM, LEDGER_EVENTS_SUBJECTS, USAGE_STREAM } from '@switchyard/contracts';

/** A stream as we want it: exactly the settings that are compared with what the broker made of them. */
export type StreamPlan = Pick<StreamConfig, 'name'> & Partial<StreamConfig>;

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const KIB = 1024;

const durableStream = (name: string, subjects: string[], maxAgeMs: number): StreamPlan => ({
  name,
  subjects,
  retention: RetentionPolicy.Limits,
  storage: StorageType.File,
  // A full disk refuses new messages, whose publishers keep them; it never drops old money.
  discard: DiscardPolicy.New,
  max_age: nanos(maxAgeMs),
  duplicate_window: nanos(10 * MINUTE_MS),
  max_msg_size: 512 * KIB,
  num_replicas: 1,
});

const bucket = (name: string, maxAgeMs = 0): StreamPlan => ({
  name: `KV_${name}`,
  subjects: [`$KV.${name}.>`],
  retention: RetentionPolicy.Limits,
  storage: StorageType.File,
  discard: DiscardPolicy.New,
  max_msgs_per_subject: 1,
  max_age: nanos(maxAgeMs),
  max_msg_size: 512 * KIB,
  allow_rollup_hdrs: true,
  allow_direct: true,
  deny_delete: true,
  num_replicas: 1,
});

/**
 * Every stream and bucket of a deployment. Only settings that nats-server 2.10 knows: an older server drops the newer ones without
 * a word, so key TTLs and the like must not be relied on. There is no limit in bytes, because JetStream reserves those at once.
 */
export const topologyPlan = (replicas = 1): readonly StreamPlan[] =>
  [
    durableStream(USAGE_STREAM, ['usage.v1.>'], 30 * DAY_MS),
    durableStream(GENERATIONS_STREAM, ['generation.v1.event.>'], 7 * DAY_MS),
    durableStream(LEDGER_EVENTS_STREAM, [...LEDGER_EVENTS_SUBJECTS], 30 * DAY_MS),
    bucket(CATALOGUE_BUCKET),
    bucket(HEALTH_BUCKET),
    bucket(HEALTH_HISTORY_BUCKET, 2 * DAY_MS),
    bucket(PROBER_BUCKET, HOUR_MS),
    bucket(KEYS_BUCKET),
    bucket(STICKY_BUCKET, STICKY_MAX_AGE_MS),
  ].map((plan) => ({ ...plan, num_replicas: replicas }));

/** Settings of the plan that the broker's effective configuration does not have, each as a sentence. */
export function differences(plan: StreamPlan, effective: Partial<StreamConfig>): string[] {
  return Object.entries(plan).flatMap(([name, wanted]) => {
    const actual = effective[name as keyof StreamConfig];
    // The broker leaves out what is false or zero.
    const isAbsentDefault = actual === undefined && (wanted === false || wanted === 0);
    if (isAbsentDefault || JSON.stringify(actual) === JSON.stringify(wanted)) return [];
    return [`${name} is ${JSON.stringify(actual)}, wanted ${JSON.stringify(wanted)}`];
  });
}
