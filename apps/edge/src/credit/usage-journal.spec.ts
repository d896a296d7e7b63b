import { randomUUID } from 'node:crypto';
import { appendFileSync, existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { UsageMessage } from './pending-usage.js';
import { UsageJournal } from './usage-journal.js';

const message = (number: number): UsageMessage => ({
  subject: 'usage.v1.acme',
  messageId: `gen-${number}`,
  bytes: Buffer.from(`{"finishReason":"stöp\\n","number":${number}}`),
});

describe('the journal of late usage', () => {
  let folder: string;
  beforeEach(() => (folder = path.join(mkdtempSync(path.join(tmpdir(), 'switchyard-journal-')), 'state')));
  afterEach(() => rmSync(path.dirname(folder), { recursive: true, force: true }));

  const life = (edgeId = 'edge') => new UsageJournal(folder, edgeId, randomUUID());

  it('gives the next life what the one before had noted, byte for byte, until that is stored', async () => {
    await life().append([message(1), message(2)]);
    const next = life();
    await next.append([message(3)]);
    const [legacy, ...others] = await next.legacies();
    expect(others).toEqual([]);
    expect(legacy?.messages).toEqual([message(1), message(2)]);
    await legacy?.forget();
    expect(await next.legacies()).toEqual([]);
  });

  it('leaves out a line that a kill tore, and nothing before it', async () => {
    await life().append([message(1)]);
    const [file] = readdirSync(folder);
    appendFileSync(path.join(folder, file!), '["usage.v1.acme","gen-2","{\\"nu');
    expect((await life().legacies()).map(({ messages }) => messages)).toEqual([[message(1)]]);
  });

  it('is of one edge, also where the name of another begins with its own', async () => {
    await life('edge').append([message(1)]);
    await life('edge.2').append([message(2)]);
    expect((await life('edge').legacies()).map(({ messages }) => messages)).toEqual([[message(1)]]);
  });

  it('forgets what it need not keep, and is no file any more when that is everything', async () => {
    const journal = life();
    await journal.append([message(1), message(2), message(3)]);
    expect(journal.length).toBe(3);
    await journal.keepOnly([message(2)]);
    expect(journal.length).toBe(1);
    expect((await life().legacies()).map(({ messages }) => messages)).toEqual([[message(2)]]);
    await journal.keepOnly([]);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('is for nobody else on the machine to read', async () => {
    await life().append([message(1)]);
    const [file] = readdirSync(folder);
    expect(existsSync(path.join(folder, file!))).toBe(true);
    expect(statSync(path.join(folder, file!)).mode & 0o777).toBe(0o600);
  });
});
