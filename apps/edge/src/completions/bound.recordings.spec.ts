import { promptTokens } from '@switchyard/contracts';
import type { Usage } from '@switchyard/contracts';
import { mostPromptTokens } from '@switchyard/pricing';
import { dialectOf, protocolOf, requestFacts } from '@switchyard/protocols';
import { fixturesDirectory } from '@switchyard/testing';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

const fixtures = fixturesDirectory();
const withFixtures = fixtures ? describe : describe.skip;
/** Formats that our clients and some provider have in common. */
type Format = 'openai-chat' | 'anthropic-messages';
const CONTEXT_TOKENS = 1_000_000;
/** Authors of the models that stand without one in the recordings of their provider. */
const AUTHORS: Readonly<Record<string, string>> = {
  openai: 'openai/',
  xai: 'x-ai/',
  groq: 'groq/',
  mistral: 'mistralai/',
  anthropic: 'anthropic/',
};

const readText = (file: string): string => readFileSync(file, 'utf8');

/** Usage of a recorded answer of this format, streamed or whole; null for any other. */
async function usageIn(stem: string, format: Format): Promise<Usage | null> {
  const protocol = protocolOf(format);
  const whole = `${stem}.response.json`;
  if (existsSync(whole)) {
    const event = protocol.parseResponse(JSON.parse(readText(whole)) as unknown).find(({ type }) => type === 'usage');
    return event?.type === 'usage' ? event.usage : null;
  }
  if (!existsSync(`${stem}.stream.sse`)) return null;
  let usage: Usage | null = null;
  const bytes = readFileSync(`${stem}.stream.sse`);
  async function* chunks() {
    yield bytes;
  }
  for await (const event of protocol.parseStream(chunks())) if (event.type === 'usage') ({ usage } = event);
  return usage;
}

/** Requests of this format, with what the provider counted for them. */
async function recordings(folder: string, format: Format) {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.request.json'))
    .filter((name) => format === 'openai-chat' || name.includes('upstream/anthropic/'))
    // Tools that run at the provider are not passed on.
    .filter((name) => !name.includes('server-tool'));
  const found: { name: string; counted: number; bound: number }[] = [];
  for (const name of files) {
    const body = JSON.parse(readText(path.join(folder, name))) as Record<string, unknown>;
    if (!Array.isArray(body['messages']) || typeof body['model'] !== 'string') continue;
    const usage = await usageIn(path.join(folder, name.replace(/\.request\.json$/, '')), format);
    if (!usage) continue;
    let request;
    try {
      request = dialectOf(format).parseRequest(body);
    } catch {
      // Anthropic's and others' bodies have messages of another form.
      continue;
    }
    const reader = {
      modelId: `${AUTHORS[path.basename(path.dirname(name))] ?? ''}${body['model']}`,
      contextLength: CONTEXT_TOKENS,
      supportedParameters: ['web_search_options'],
    };
    const searches = request.webSearchOptions === undefined ? 0 : 1;
    found.push({
      name,
      counted: promptTokens(usage),
      bound: mostPromptTokens({ ...requestFacts(request), searches }, reader),
    });
  }
  return found;
}

withFixtures(
  `bounds of recorded requests${fixtures ? '' : ' (skipped: no recordings, set SWITCHYARD_FIXTURES)'}`,
  () => {
    it.each([
      ['openai-chat', 250],
      ['anthropic-messages', 50],
    ] as const)('in the format %s are never below what the provider counted', async (format, least) => {
      const found = await recordings(fixtures ?? '', format);
      expect(found.length).toBeGreaterThan(least);
      expect(found.filter(({ counted, bound }) => counted > bound)).toEqual([]);
    });
  },
);
