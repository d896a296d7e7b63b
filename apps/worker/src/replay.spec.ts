import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { completionTokens, FINISH_REASONS, promptTokens } from '@switchyard/contracts';
import { costOf } from '@switchyard/pricing';
import { fixturesDirectory } from '@switchyard/testing';
import { Harness } from './testing/harness.js';
import type { Seen } from './testing/harness.js';

const fixtures = fixturesDirectory();

interface Recorded {
  readonly case: string;
  readonly tags: readonly string[];
  readonly stream: boolean;
  readonly status: number;
  readonly url?: string | null;
  readonly file: string;
}

/** Folders of recordings by the provider whose worker replays them. */
const SOURCES = [
  ['openai', 'openai', 'v1'],
  ['anthropic', 'anthropic', 'v1'],
  ['gemini', 'google', 'v1beta'],
  ['groq', 'groq', 'v1'],
  ['mistral', 'mistral', 'v1'],
  ['deepseek', 'deepseek', 'v1'],
  ['xai', 'xai', 'v1'],
  ['together', 'together', 'v1'],
  ['cerebras', 'cerebras', 'v1'],
  ['cohere', 'cohere', 'v2'],
  ['ollama', 'ollama', 'api'],
  ['perplexity', 'perplexity', ''],
  ['bedrock', 'amazon-bedrock', ''],
  ['moonshot', 'moonshotai', 'v1'],
  ['zai', 'z-ai', 'api/paas/v4'],
  ['alibaba', 'alibaba', 'compatible-mode/v1'],
  ['fireworks', 'fireworks', 'v1'],
  ['huggingface', 'huggingface', 'v1'],
  ['cloudflare', 'cloudflare', 'v1'],
  ['databricks', 'databricks', 'v1'],
  ['snowflake', 'snowflake', 'v1'],
  ['crusoe', 'crusoe', 'v1'],
  ['azure', 'azure', 'v1'],
  ['azure-anthropic', 'azure-anthropic', 'v1'],
] as const;
const CUT = ['midstream-error', 'no-terminal-event', 'error-event', 'error', 'truncated'];
const OTHER_ROUTES =
  /count[-_]?tokens|embed|batch|files|moderation|(?:^|\/)(?:audio|images)|models-list|stream-json|json-array/i;
/** What the same company answers in another format, at another address. */
const OTHER_FORMATS: Readonly<Record<string, RegExp>> = { cohere: /\/v1\/chat$/, ollama: /\/v1\/chat\/completions$/ };

function casesOf(folder: string): readonly Recorded[] {
  if (!fixtures) return [];
  const index = JSON.parse(readFileSync(join(fixtures, 'upstream', folder, 'index.json'), 'utf8')) as {
    cases: readonly Recorded[];
  };
  return index.cases.filter(
    ({ case: name, url, tags, file }) =>
      !OTHER_ROUTES.test(`${name} ${url ?? ''}`) &&
      !OTHER_FORMATS[folder]?.test(url ?? '') &&
      !tags.includes('json-array-stream') &&
      // Only its payloads were kept, and not the binary form that they came in.
      !(folder === 'bedrock' && file.endsWith('.stream.jsonl')),
  );
}

function reportsUsage(folder: string, { file }: Recorded): boolean {
  const text = readFileSync(join(fixtures ?? '', 'upstream', folder, file), 'utf8');
  const said = file.endsWith('.b64.txt') ? Buffer.from(text, 'base64').toString('latin1') : text;
  return /"(prompt_tokens|input_tokens|inputTokens|promptTokenCount|eval_count)"/.test(said);
}

/** What every answer must be, whatever the provider sent. */
function expectWellFormed({ text, end, failure, call }: Seen): void {
  const event = end ?? failure?.usage;
  if (event) {
    const cost = costOf(event.usage, event.price, event.admittedAtMs);
    expect([event.costPicos, event.costNanos]).toEqual([cost.picos, cost.nanos]);
  }
  if (failure) expect(failure.usage === null).toBe(text === '');
  if (!end) return;
  expect(FINISH_REASONS).toContain(end.finishReason);
  const lines = call.stream ? text.split('\n\n').filter((line) => line !== '' && !line.startsWith(':')) : [];
  for (const line of lines) expect(line).toMatch(/^data: (\{.*\}|\[DONE\])$/s);
  if (call.stream) expect(lines.at(-1)).toBe('data: [DONE]');
  const chunks = (call.stream ? lines.slice(0, -1).map((line) => line.slice(6)) : [text]).map(
    (json) => JSON.parse(json) as { id: string; usage?: { prompt_tokens: number; completion_tokens: number } },
  );
  expect(new Set(chunks.map(({ id }) => id))).toEqual(new Set([call.generationId]));
  expect(chunks.at(-1)?.usage).toMatchObject({
    prompt_tokens: promptTokens(end.usage),
    completion_tokens: completionTokens(end.usage),
  });
}

const suite = fixtures ? describe : describe.skip;
suite('recorded traffic through a worker (skipped where SWITCHYARD_FIXTURES is absent)', () => {
  let harness: Harness;
  beforeAll(async () => {
    harness = await Harness.start();
    for (const [folder, provider, version] of SOURCES)
      await harness.worker(provider, { baseUrl: `${harness.simulator.url}/replay/${folder}/${version}` });
  }, 60_000);
  afterAll(() => harness.stop());

  describe.each(SOURCES)('%s', (folder, provider) => {
    it.each(casesOf(folder).map((recorded) => [recorded.case, recorded] as const))('%s', async (_, recorded) => {
      await harness.simulator.replay({ provider: folder, case: recorded.case });
      const seen = await harness.ask({
        body: { stream: recorded.stream, messages: [{ role: 'user', content: 'Hi' }] },
        endpoint: { provider, supportsImplicitCaching: true },
      });
      expectWellFormed(seen);
      if (recorded.status >= 400) {
        expect(seen.failure).toMatchObject({ upstreamStatus: recorded.status, usage: null });
        expect((seen.failure?.raw ?? '').length).toBeLessThanOrEqual(2048);
      } else if (recorded.case.startsWith('derived-cut-no-terminal')) {
        // Everything but the last marker came: a finish is enough, and the usage is there.
        expect(seen.end?.outcome).toBe('final');
      } else if (!recorded.tags.some((tag) => CUT.includes(tag))) {
        expect(seen.failure).toBeNull();
        // Recorded without `include_usage`: then it has to be counted.
        expect(seen.end?.outcome).toBe(reportsUsage(folder, recorded) ? 'final' : 'estimate');
      } else {
        expect(seen.failure).not.toBeNull();
      }
    });
  });
});
