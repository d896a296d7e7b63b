import { existsSync, globSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { providers } from './index.js';
import { renderPage } from './page.js';
import type { ListedEndpoint } from './page.js';

const repository = fileURLToPath(new URL('../../..', import.meta.url));
const catalogue = join(repository, 'apps/registry/data');
const readJson = (file: string): unknown => JSON.parse(readFileSync(file, 'utf8'));
const endpoints = globSync(['*.json', 'endpoints/*.json'], { cwd: catalogue }).flatMap(
  (file) => (readJson(join(catalogue, file)) as { endpoints?: ListedEndpoint[] }).endpoints ?? [],
);

describe('the page of providers', () => {
  it('is what the data says: run `pnpm --filter @switchyard/providers page` when it is not', () => {
    expect(readFileSync(join(repository, 'docs/providers.md'), 'utf8')).toBe(renderPage(providers.values(), endpoints));
  });

  it('has a line for each provider in both tables', () => {
    const lines = renderPage(providers.values(), endpoints).split('\n');
    for (const { id, name, baseUrl } of providers.values()) {
      expect(lines.filter((line) => line.split('|')[2]?.trim() === `\`${id}\``)).toHaveLength(1);
      expect(lines.filter((line) => line.startsWith(`| ${name} `) && line.includes(baseUrl ?? ''))).not.toEqual([]);
    }
  });

  it('says what the models of a provider can do, and nothing where none is known', () => {
    const line = (found: readonly ListedEndpoint[]) =>
      renderPage(providers.values(), found)
        .split('\n')
        .find((text) => text.includes('| `groq`'));
    const endpoint = { provider: 'groq', model: 'm', outputModalities: ['text'], pricing: { input_cache_read: '1' } };
    const seen = { ...endpoint, inputModalities: ['text', 'image'], supportedParameters: ['tools'] };
    expect(line([seen, seen])).toMatch(/\| 1 +\| tools, caching, images +\|$/);
    expect(line([])).toMatch(/\| – +\| – +\|$/);
  });
});

describe('the catalogue', () => {
  it('has endpoints of known providers only, each in a protocol that they speak', () => {
    for (const { provider, ...endpoint } of endpoints) {
      const { protocol } = endpoint as { protocol?: string };
      const spoken = providers.get(provider);
      const protocols = spoken && [spoken.protocol, ...(spoken.also ?? []).map((other) => other.protocol)];
      expect([provider, protocols]).toEqual([provider, expect.any(Array)]);
      if (protocol) expect(protocols).toContain(protocol);
    }
  });

  it('calls them by the names that they have here', () => {
    const { providers: names } = readJson(join(catalogue, 'names.json')) as {
      providers: { id: string; name: string }[];
    };
    for (const { id, name } of names) expect([id, name]).toEqual([id, providers.get(id)?.name]);
  });
});

const recordings = resolve(repository, process.env['SWITCHYARD_FIXTURES'] ?? '../shared/fixtures');
const withRecordings = existsSync(join(recordings, 'upstream')) ? describe : describe.skip;
withRecordings('recordings that prove a provider (skipped where SWITCHYARD_FIXTURES has none)', () => {
  it('are there', () => {
    for (const { recordings: folders = [] } of providers.values())
      for (const folder of folders) {
        const place = folder === 'openrouter' ? 'openrouter' : join('upstream', folder);
        const { cases } = readJson(join(recordings, place, 'index.json')) as { cases: unknown[] };
        expect(cases.length).toBeGreaterThan(0);
      }
  });
});
