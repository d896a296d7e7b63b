import type { Attributes, Histogram } from '@opentelemetry/api';
import { meter } from './provider.js';

const create = meter();

// The buckets that OpenTelemetry's conventions for generative AI ask for.
const OPERATION_SECONDS = [
  0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92, 163.84, 327.68,
];
const FIRST_TOKEN_SECONDS = [
  0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 30, 60, 120,
];
const TOKENS = [1, 4, 16, 64, 256, 1_024, 4_096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304];
const OVERHEAD_SECONDS = [
  0.0005, 0.001, 0.0015, 0.002, 0.003, 0.004, 0.005, 0.0075, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1,
];
const CALL_SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

const seconds = (name: string, description: string, explicitBucketBoundaries: number[]): Histogram =>
  create.createHistogram(name, { description, unit: 's', advice: { explicitBucketBoundaries } });

/**
 * Every instrument of the gateway, named once. Attribute values come from small closed sets (provider, model, outcome, code): never
 * an id, never text of a user. Where OpenTelemetry's conventions for generative AI have a name, that is the name.
 */
export const instruments = {
  /** A generation from the accepted request to its last byte. */
  generationDuration: seconds(
    'gen_ai.client.operation.duration',
    'Duration of a generation as the client sees it',
    OPERATION_SECONDS,
  ),
  timeToFirstToken: seconds(
    'gen_ai.server.time_to_first_token',
    'From the call of the provider to its first token',
    FIRST_TOKEN_SECONDS,
  ),
  /** With `gen_ai.token.type`: `input` or `output`. */
  tokenUsage: create.createHistogram('gen_ai.client.token.usage', {
    description: 'Tokens of a generation',
    unit: '{token}',
    advice: { explicitBucketBoundaries: TOKENS },
  }),
  /** What the gateway itself added to the time to the first byte. */
  gatewayOverhead: seconds(
    'switchyard_gateway_overhead_seconds',
    'Time that the gateway added to a generation, without the upstream',
    OVERHEAD_SECONDS,
  ),
  /** With `outcome`: `success`, `failed`, `cancelled`; and `error.type` for those that failed. */
  attempts: create.createCounter('switchyard.attempts', { description: 'Tries of generations on endpoints' }),
  streamsInFlight: create.createUpDownCounter('switchyard.streams.in_flight', { description: 'Streams that run now' }),
  leasesOpen: create.createUpDownCounter('switchyard.leases.open', { description: 'Credit leases that are open now' }),
  /** With `reason`. */
  admissionRefusals: create.createCounter('switchyard.admission.refusals', {
    description: 'Generations that were refused before an attempt',
  }),
  /** With `outcome`: `hit`, `miss`, and for what was made then `stored`, `not_stored`. */
  responseCache: create.createCounter('switchyard.response_cache', {
    description: 'Requests that asked the response cache, and answers that it was given',
  }),
  /** With `outcome`: that of the usage event. */
  usageApplied: create.createCounter('switchyard.usage.applied', {
    description: 'Usage events that the ledger applied',
  }),
  /** Entries that broke their contract; the last good version stays in use. Anything but 0 is an alarm. */
  catalogueRejected: create.createCounter('switchyard.catalogue.rejected', {
    description: 'Broken catalogue entries that were not taken over',
  }),
  catalogueModels: create.createGauge('switchyard.catalogue.models', {
    description: 'Models of the catalogue that this process holds',
  }),
  /** With `state`: the one that the endpoint is in now. */
  endpointTransitions: create.createCounter('switchyard.endpoint.transitions', {
    description: 'Endpoints ejected, half opened and restored',
  }),
  /** What the last audit found; anything but 0 is an alarm. */
  ledgerAuditViolations: create.createGauge('switchyard.ledger.audit_violations', {
    description: 'Invariants of the ledger that do not hold',
  }),
  ledgerBatchSize: create.createHistogram('switchyard.ledger.batch.size', {
    description: 'Usage events in one transaction of the ledger',
    unit: '{event}',
    advice: { explicitBucketBoundaries: [1, 2, 5, 10, 25, 50, 100, 250, 500] },
  }),
  /** Usage that waits in the stream behind the last batch. */
  ledgerBacklog: create.createGauge('switchyard.ledger.backlog', {
    description: 'Usage events that the ledger has not read yet',
  }),
  /** With `reason`. Anything but 0 is an alarm. */
  ledgerQuarantined: create.createCounter('switchyard.ledger.quarantined', {
    description: 'Usage events that could not be applied and were set aside',
  }),
  /** Nano-dollars that the house bears, because neither lease nor account could pay. */
  ledgerLossNanos: create.createCounter('switchyard.ledger.loss_nanos', {
    description: 'Cost borne by the house, nano-dollars',
  }),
  /** Nano-dollars of generations that came to nothing and cost their customers nothing. */
  ledgerInsuredNanos: create.createCounter('switchyard.ledger.insured_nanos', {
    description: 'Cost of insured generations, nano-dollars',
  }),
  /** Keys of which most generations of the day came to nothing: a failing model, or somebody who makes use of the insurance. */
  ledgerInsuredKeys: create.createGauge('switchyard.ledger.insured_keys', {
    description: 'Keys with many insured generations today',
  }),
  /** Generations that were dearer than the most that they were admitted for; the house bears the difference. */
  boundViolations: create.createCounter('switchyard.bound.violation', {
    description: 'Generations that cost more than their bound',
  }),
  /** With `status`: what became of a message of the payment provider. */
  ledgerPayments: create.createCounter('switchyard.ledger.payments', {
    description: 'Messages of the payment provider',
  }),
  ledgerCorrections: create.createCounter('switchyard.ledger.corrections', {
    description: 'Booked estimates that real usage has corrected',
  }),
  /** With `rpc.method` and, for those that failed, `error.type`. */
  callDuration: seconds('rpc.client.call.duration', 'Calls of other services of the gateway', CALL_SECONDS),
  busDisconnects: create.createCounter('switchyard.bus.disconnects', { description: 'Broken connections to NATS' }),
  busResumes: create.createCounter('switchyard.bus.resumes', { description: 'Streams resumed from a replay ring' }),
  busDuplicates: create.createCounter('switchyard.bus.duplicates', { description: 'Frames that came twice' }),
  busGaps: create.createCounter('switchyard.bus.gaps', { description: 'Frames that were missing' }),
  busLate: create.createCounter('switchyard.bus.late', { description: 'Calls that came too late to be begun unasked' }),
  /** With `outcome`: `alive`, `suspect`, `dead`. */
  busProbes: create.createCounter('switchyard.bus.probes', { description: 'Probes of silent streams' }),
} as const;

export type MetricAttributes = Attributes;
