import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { z } from 'zod';
import { loadConfig, readConfig } from './load-config.js';
import { serviceConfig } from './service-config.js';

const schema = z.object({
  ...serviceConfig,
  SECRET: z.string().min(32).describe('at least 32 random characters'),
  LIMIT: z.coerce.number().int().positive().default(5),
});
const SECRET = 'x'.repeat(32);
const NATS_URL = 'nats://127.0.0.1:4222';

describe('loadConfig', () => {
  let folder: string;
  const file = (text: string) => {
    const name = path.join(folder, `${Math.random()}`);
    writeFileSync(name, text);
    return name;
  };

  beforeAll(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'switchyard-config-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('converts, fills in what has a default, and cannot be changed afterwards', () => {
    const config = loadConfig(schema, { NATS_URL, SECRET, HTTP_PORT: '0', LIMIT: '7' });
    expect(config).toMatchObject({ HTTP_PORT: 0, HTTP_HOST: '127.0.0.1', LOG_LEVEL: 'info', LIMIT: 7 });
    expect(Object.isFrozen(config)).toBe(true);
  });

  it('reads any variable from a file, without the line break at its end', () => {
    const config = loadConfig(schema, { NATS_URL, SECRET_FILE: file(`${SECRET}\n`), LIMIT_FILE: file('8\r\n') });
    expect(config).toMatchObject({ SECRET, LIMIT: 8 });
  });

  it('names every bad variable at once, with what is expected and without its value', () => {
    const { problems } = readConfig(schema, {
      NATS_URL: 'http://user:hunter2@host',
      SECRET: 'too-short-secret',
      HTTP_PORT: '70000',
      LOG_LEVEL: 'loud',
      LIMIT: 'many',
    });
    expect(problems.map((problem) => problem.split(':')[0])).toEqual([
      'NATS_URL',
      'HTTP_PORT',
      'LOG_LEVEL',
      'SECRET',
      'LIMIT',
    ]);
    expect(problems.join('\n')).toContain('expected at least 32 random characters');
    expect(problems.join('\n')).not.toMatch(/hunter2|too-short-secret|loud|many/);
  });

  it('counts an empty variable as absent', () => {
    const { problems } = readConfig(schema, { NATS_URL: '', SECRET: '', LIMIT: '' });
    expect(problems).toEqual([
      'NATS_URL: is missing (expected nats://host:port, several separated by commas)',
      'SECRET: is missing (expected at least 32 random characters)',
    ]);
  });

  it('says once what is wrong with a file', () => {
    const missing = path.join(folder, 'missing');
    const env = { NATS_URL, LIMIT: '7', LIMIT_FILE: file('8') };
    expect(readConfig(schema, { ...env, SECRET_FILE: missing }).problems).toEqual([
      'SECRET: the file of SECRET_FILE cannot be read (ENOENT)',
      'LIMIT: is given both directly and as LIMIT_FILE',
    ]);
    expect(readConfig(schema, { NATS_URL, SECRET_FILE: file('\n') }).problems).toEqual([
      'SECRET: the file of SECRET_FILE is empty',
    ]);
    expect(readConfig(schema, { NATS_URL, SECRET_FILE: folder }).problems).toEqual([
      'SECRET: the file of SECRET_FILE cannot be read (EISDIR)',
    ]);
  });
});
