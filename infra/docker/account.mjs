// The first account with its keys and 10 USD of credit, printed once; later runs find it made already.
import { readFileSync } from 'node:fs';
import { ensureAccount } from '../local/dist/account.js';

const natsUrl = readFileSync('/run/switchyard/nats-url', 'utf8').trim();
const account = await ensureAccount('/account', natsUrl);
console.log(`API key         ${account.apiKey}\nManagement key  ${account.managementKey}`);
process.exit(0);
