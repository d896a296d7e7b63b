import { promptTokens } from '@switchyard/contracts';
import type { Usage } from '@switchyard/contracts';
import { mostPromptTokens } from '@switchyard/pricing';
import { dialectOf, protocolOf, requestFacts } from '@switchyard/protocols';
import { fixturesDirectory } from '@switchyard/testing';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

const fixtures = fixturesDirectory();
const withFixtures = fixtures ? describe : describe.skip;
const chat = protocolOf('openai-chat');
const CONTEXT_TOKENS = 1_000_000;
/** Authors of the models that stand without one in the recordings of their provider. */
const AUTHORS: Readonly<Record<string, string>> = {
  openai: 'openai/',
  xai: 'x-ai/',
  groq: 'groq/',
  mistral: 'mistralai/',
};

const readText = (file: string): string => readFileSync(file, 'utf8');

/** Usage of a recorded answer in OpenAI's format, streamed or whole; null for any other. */
async function usageIn(stem: string): Promise<Usage | null> {
  const whole = `${stem}.response.json`;
  if (existsSync(whole)) {
    const event = chat.parseResponse(JSON.parse(readText(whole)) as unknown).find(({ type }) => type === 'usage');
    return event?.type === 'usage' ? event.usage : null;
  }
  if (!existsSync(`${stem}.stream.sse`)) return null;
  let usage: Usage | null = null;
  const bytes = readFileSync(`${stem}.stream.sse`);
  async function* chunks() {
    yield bytes;
  }
  for await (const event of chat.parseStream(chunks())) if (event.type === 'usage') ({ usage } = event);
  return usage;
}

/** Requests in the format of our clients, with what the provider counted for them. */
async function recordings(folder: string) {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.request.json'),
  );
  const found: { name: string; counted: number; bound: number }[] = [];
  for (const name of files) {
    const body = JSON.parse(readText(path.join(folder, name))) as Record<string, unknown>;
    if (!Array.isArray(body['messages']) || typeof body['model'] !== 'string') continue;
    const usage = await usageIn(path.join(folder, name.replace(/\.request\.json$/, '')));
    if (!usage) continue;
    let request;
    try {
      request = dialectOf('openai-chat').parseRequest(body);
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
    it('are never below what the provider counted', async () => {
      const found = await recordings(fixtures ?? '');
      expect(found.length).toBeGreaterThan(250);
      expect(found.filter(({ counted, bound }) => counted > bound)).toEqual([]);
    });
  },
);
