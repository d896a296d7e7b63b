import { existsSync, readFileSync } from 'node:fs';
import { fixturesDirectory } from '@switchyard/testing';
import { environmentOf, modelOf, putModels, UPSTREAMS } from './matrix-upstreams.js';
import type { Upstream } from './matrix-upstreams.js';
import { Matrix } from './matrix.js';
import type { Impossible } from './matrix.js';
import { casesOf } from './recorded-cases.js';
import { CLIENTS, speakersOf } from './speakers.js';
import type { DialectId, Heard, Speaker } from './speakers.js';
import { START_TIMEOUT_MS, startTestStack, type TestStack } from './test-stack.js';

const DIALECTS = Object.keys(CLIENTS) as DialectId[];
const TEXT = 'Hello from the Switchyard sandbox! You said: Hello from every client!';
/** One white point. */
const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8/5+hHgAHggJ/PchI7wAAAABJRU5ErkJggg==';
const PNG_BYTES = Buffer.from(PNG, 'base64').length;
const LARGE_BYTES = 20_000_000;
/** An event for each, of some hundred bytes. */
const LONG_TOKENS = 15_000;
const MOST_RESIDENT_BYTES = 2_000_000_000;
/** Of a process, as Linux says it; 0 elsewhere. */
const residentBytes = (pid: number): number => {
  const status = `/proc/${pid}/status`;
  return existsSync(status) ? Number(/VmRSS:\s+(\d+)/.exec(readFileSync(status, 'utf8'))?.[1]) * 1024 : 0;
};
/** A picture of 20 MB is read in one go, and on a busy machine nothing new would be taken for a while. */
const QUEUES = { MAX_LOOP_LAG_MS: '60000' };
const BOTH = [false, true];
const CELL_TIMEOUT_MS = 120_000;

const IMPOSSIBLE: readonly Impossible[] = [
  { client: CLIENTS['openai-completions'], ability: 'tools', reason: 'that format has none' },
  { client: CLIENTS['openai-completions'], ability: 'images', reason: 'its prompt is a text' },
];
const isPossible = (dialect: DialectId, ability: string): boolean =>
  !IMPOSSIBLE.some((one) => one.client === CLIENTS[dialect] && one.ability === ability);

const TAGS = { tools: ['tool-call', 'parallel-tools'], reasoning: ['reasoning'] } as const;
type Recorded = keyof typeof TAGS;

/** The recording that answers; undefined where there is none, and the simulator answers itself. */
function recordingOf({ recordings, cases }: Upstream, ability: Recorded, stream: boolean): string | undefined {
  const names = casesOf(recordings, TAGS[ability], stream)
    .map(({ case: name }) => name)
    .filter((name) => /^(?:chat|stream)-/.test(name) && (cases?.test(name) ?? true))
    // A thought that nobody can read has no place in the older completions.
    .filter((name) => !name.includes('redacted'));
  // Of some answers the reasoning was only counted, as nothing at times; a signature is something to carry.
  return names.find((name) => name.includes('signature')) ?? names[0];
}

const rejection = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    (answer) => Promise.reject(new Error(`an answer instead of an error: ${JSON.stringify(answer)}`)),
    (error: unknown) => error,
  );

describe('the official client of every dialect', () => {
  const matrix = new Matrix(
    UPSTREAMS.map(({ name }) => name),
    Object.values(CLIENTS),
    IMPOSSIBLE,
  );
  let stack: TestStack;
  let speakers: Readonly<Record<DialectId, Speaker>>;
  beforeAll(async () => {
    stack = await startTestStack({ providersOf: environmentOf, environment: QUEUES });
    speakers = speakersOf(stack.edgeUrls[0]!, stack.account.apiKey);
    await putModels(stack);
  }, START_TIMEOUT_MS);
  afterAll(() => stack?.stop(), START_TIMEOUT_MS);

  const rows = UPSTREAMS.flatMap((upstream) => DIALECTS.map((dialect) => ({ dialect, name: upstream.name, upstream })));
  const done = ({ name }: Upstream, dialect: DialectId, ability: 'text' | 'images' | 'errors' | Recorded) =>
    matrix.record(name, CLIENTS[dialect], ability);
  const expectUsage = ({ usage }: Heard) => {
    expect(usage.prompt).toBeGreaterThan(0);
    expect(usage.completion).toBeGreaterThan(0);
    expect(usage.cost).toBeGreaterThan(0);
  };

  async function says(upstream: Upstream, dialect: DialectId, stream: boolean): Promise<void> {
    const question = { model: modelOf(upstream, 'echo'), text: 'Hello from every client!' };
    const heard = await speakers[dialect].ask(question, stream);
    expect({ stream, text: heard.text }).toEqual({ stream, text: TEXT });
    expectUsage(heard);
    done(upstream, dialect, 'text');
  }

  async function sees(upstream: Upstream, dialect: DialectId, stream: boolean): Promise<void> {
    const question = { model: modelOf(upstream, 'vision'), text: 'What is this?', png: PNG };
    const heard = await speakers[dialect].ask(question, stream);
    expect(heard.text).toMatch(new RegExp(`sees 1 image\\(s\\): image(?:/png)? of ${PNG_BYTES} bytes`));
    done(upstream, dialect, 'images');
  }

  async function hears(upstream: Upstream, dialect: DialectId, ability: Recorded, stream: boolean): Promise<void> {
    const recording = recordingOf(upstream, ability, stream);
    const model = modelOf(upstream, recording === undefined ? ability : 'echo');
    const text = recording === undefined ? 'Paris' : `Weather? [[replay: ${upstream.recordings}/${recording}]]`;
    const tool = ability === 'tools' && { tool: 'get_weather' };
    const heard = await speakers[dialect].ask({ model, text, ...tool }, stream);
    if (ability === 'tools') expect(heard.calls.length).toBeGreaterThan(0);
    else expect(heard.thoughts.length + heard.usage.reasoning).toBeGreaterThan(0);
    for (const call of heard.calls) expect(call).toEqual({ name: expect.any(String), arguments: expect.any(Object) });
    expect(heard.usage.cost).toBeGreaterThan(0);
    done(upstream, dialect, ability);
    if (recording !== undefined) return;
    const how = stream ? 'streamed' : 'whole';
    matrix.note(`From the sandbox, because nobody has recorded it: ${ability} of ${upstream.name}, ${how}.`);
  }

  it.each(rows)(
    '$dialect reads what $name says, shows, calls and thinks, whole and streamed',
    async ({ dialect, upstream }) => {
      await Promise.all(
        BOTH.flatMap((stream) => [
          says(upstream, dialect, stream),
          hears(upstream, dialect, 'reasoning', stream),
          ...(isPossible(dialect, 'tools') ? [hears(upstream, dialect, 'tools', stream)] : []),
          ...(isPossible(dialect, 'images') ? [sees(upstream, dialect, stream)] : []),
        ]),
      );
    },
    CELL_TIMEOUT_MS,
  );

  it.each(rows)(
    '$dialect throws what went wrong at $name, before an answer and in the middle of one',
    async ({ dialect, upstream }) => {
      const client = speakers[dialect];
      const model = modelOf(upstream, 'broken');
      const fails = async (text: string, stream: boolean) =>
        client.errorOf(await rejection(client.ask({ model, text }, stream)));
      const [broken, ...refused] = await Promise.all([
        fails('[[fault: tokens=40 error_event after=3]]', true),
        ...BOTH.map((stream) => fails('[[fault: status=429 retry_after=60]]', stream)),
      ]);
      expect(broken.text).toMatch(/upstream_|provider/i);
      for (const { status, text } of refused) {
        expect(status).toBe(429);
        expect(text).toContain('upstream_rate_limited');
      }
      done(upstream, dialect, 'errors');
    },
    CELL_TIMEOUT_MS,
  );

  // One is written anew and answered in binary events, the other passes through.
  const LARGE = [
    ['openai-chat', 'bedrock-converse'],
    ['anthropic-messages', 'anthropic-vertex'],
  ] as const;
  it.each(LARGE)(
    '%s passes a picture of 20 MB to %s, and a stream of over 2 MB back',
    async (dialect, name) => {
      const png = Buffer.alloc(LARGE_BYTES, 7).toString('base64');
      const seen = await speakers[dialect].ask(
        { model: modelOf({ name }, 'vision'), text: 'What is this?', png },
        false,
      );
      expect(seen.text).toMatch(new RegExp(`sees 1 image\\(s\\): image(?:/png)? of ${LARGE_BYTES} bytes`));
      const text = `[[fault: tokens=${LONG_TOKENS}]]`;
      const heard = await speakers[dialect].ask({ model: modelOf({ name }, 'echo'), text }, true);
      expect(heard.text.split(' ').at(-1)).toBe(`w${LONG_TOKENS}`);
      expect(heard.usage.completion).toBe(LONG_TOKENS);
      // More than a process needs for it, less than bodies and answers that stay would fill.
      for (const { pid } of stack.services().filter(({ name: process }) => /^(?:edge|worker)/.test(process)))
        expect(residentBytes(pid)).toBeLessThan(MOST_RESIDENT_BYTES);
    },
    CELL_TIMEOUT_MS,
  );

  it('leaves no cell of the table open without a reason', () => {
    const open = rows.map(({ dialect, name }) => [name, dialect, matrix.missing(name, CLIENTS[dialect])]);
    expect(open.filter(([, , missing]) => missing!.length > 0)).toEqual([]);
  });

  // Without the recordings the notes below the table are others.
  (fixturesDirectory() ? it : it.skip)('has done what the documentation says, and no less', () => {
    expect(matrix.table()).toBe(matrix.documented());
  });
});
