import { readTopologyCommandConfig } from './config.js';
import { ensureTopology } from './jetstream/topology.js';

/** A job of every deployment: with it, services need no right to make streams. */
try {
  const { natsUrl, replicas } = readTopologyCommandConfig();
  await ensureTopology(natsUrl, { replicas });
  process.stdout.write('streams and buckets are in place\n');
} catch (error) {
  process.stderr.write(`topology: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
