// Makes every secret of the installation at random, once, into volumes that only the services which need them mount.
// Runs as root, because it also hands the data volumes to the users that write them.
import { randomBytes } from 'node:crypto';
import { chmodSync, chownSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const OWNER = 1000;
const ROOT = '/secrets';
const secret = () => randomBytes(32).toString('base64url');

function write(folder, name, text) {
  const directory = path.join(ROOT, folder);
  mkdirSync(directory, { recursive: true });
  const file = path.join(directory, name);
  writeFileSync(file, text, { mode: 0o400 });
  chmodSync(file, 0o400);
  chownSync(file, OWNER, OWNER);
  chownSync(directory, OWNER, OWNER);
}

for (const volume of ['/nats-data', '/edge-state', '/secrets/account']) chownSync(volume, OWNER, OWNER);
// Also in an installation that was made before there were tickets.
function addTicketSecret() {
  if (existsSync(path.join(ROOT, 'edge', 'ticket-secret'))) return;
  const tickets = secret();
  for (const service of ['ledger', 'edge']) write(service, 'ticket-secret', tickets);
}

// Also in an installation that was made before there were receipts.
function addReceiptKey() {
  if (!existsSync(path.join(ROOT, 'edge', 'receipt-key'))) write('edge', 'receipt-key', secret());
}

// Also in an installation that was made before there was a vault.
function addVault(natsUrl) {
  if (existsSync(path.join(ROOT, 'edge', 'vault-secret'))) return;
  const url = `postgres://vault_app:${secret()}@postgres:5432/switchyard`;
  write('vault', 'nats-url', natsUrl);
  write('vault', 'database-url', url);
  write('tools', 'database-url-vault', url);
  write('edge', 'vault-secret', secret());
}

const done = path.join(ROOT, 'tools', 'done');
if (existsSync(done)) {
  addTicketSecret();
  addReceiptKey();
  addVault(readFileSync(path.join(ROOT, 'edge', 'nats-url'), 'utf8'));
  console.log('switchyard: the secrets are there already');
  process.exit(0);
}

const postgres = secret();
const nats = secret();
const pepper = secret();
const natsUrl = `nats://switchyard:${nats}@nats:4222`;
const databases = Object.fromEntries(
  ['auth', 'ledger', 'registry'].map((service) => [
    service,
    `postgres://${service}_app:${secret()}@postgres:5432/switchyard`,
  ]),
);
write('postgres', 'password', postgres);
write('nats', 'auth.conf', `authorization { user: switchyard, password: "${nats}" }\n`);
for (const service of ['auth', 'ledger', 'registry', 'bus', 'edge', 'tools']) write(service, 'nats-url', natsUrl);
for (const service of ['auth', 'edge']) write(service, 'key-pepper', pepper);
for (const [service, url] of Object.entries(databases)) {
  write(service, 'database-url', url);
  write('tools', `database-url-${service}`, url);
}
addTicketSecret();
addReceiptKey();
addVault(natsUrl);
write('tools', 'owner-url', `postgres://switchyard:${postgres}@postgres:5432/switchyard`);
write('tools', 'done', '');
console.log('switchyard: secrets made');
