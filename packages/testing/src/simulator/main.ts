import { readConfig } from './config.js';
import { SimulatorServer } from './server.js';

const server = new SimulatorServer(readConfig());
const url = await server.start();

const stop = () => void server.stop().then(() => process.exit(0));
process.once('SIGTERM', stop);
process.once('SIGINT', stop);
// A child process goes with its parent: the channel or the pipe on stdin ends with it.
process.once('disconnect', stop);
if (process.env['SWITCHYARD_PARENT'] === '1' && !process.connected) {
  process.stdin.once('end', stop).once('error', stop).resume();
  process.stdin.unref();
}

process.stdout.write(`${JSON.stringify({ message: 'simulator listens', url })}\n`);
process.send?.({ url });
