export { type ConsumeOptions, JetStreamConsumers, type RunningConsumer } from './consumers.js';
export { KvBuckets } from './kv-buckets.js';
export type { KvWatcher, RunningWatch } from './kv-watch.js';
export type { JetStreamMessage } from './message.js';
export { JetStreamPublisher, type JetStreamPublishOptions } from './publisher.js';
export { readJson } from './read-json.js';
export { type Backlog, JetStreamReader } from './reader.js';
export { ensureTopology, TopologyError, type TopologyOptions } from './topology.js';
