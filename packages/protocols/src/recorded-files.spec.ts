import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodeMessages } from './testing/event-stream.js';
import { recordedFiles } from './testing/recorded-files.js';
import { recordingsDirectory } from './testing/recordings.js';

const root = recordingsDirectory();
const suite = root === null ? describe.skip : describe;
const note = root === null ? ' (skipped: no recordings beside the repository, set SWITCHYARD_FIXTURES)' : '';
const files = recordedFiles();
const upstream = join(root ?? '', 'upstream');

suite(`every file of the recorded traffic${note}`, () => {
  it('is asserted by a spec, or stands in a list with a reason', () => {
    expect(files.length).toBeGreaterThan(1_300);
    expect(files.filter(({ spec, reason }) => spec === undefined && reason === undefined)).toEqual([]);
  });

  it('has a spec that is there', () => {
    const specs = [...new Set(files.flatMap(({ spec }) => spec ?? []))];
    expect(specs.filter((spec) => !existsSync(join(import.meta.dirname, spec)))).toEqual([]);
    expect(specs.length).toBeGreaterThan(4);
  });

  /** The whole list of what nobody asserts: a new one, or one that is no longer needed, shows here. */
  it('that nobody asserts is one of these', () => {
    const reasons = files.flatMap(({ reason }) => reason ?? []);
    const counted = Object.fromEntries(
      [...Map.groupBy(reasons, (reason) => reason)].map(([one, all]) => [one, all.length]),
    );
    expect(counted).toMatchInlineSnapshot(`
{
  "a conversation made shorter, not an answer": 2,
  "a format that InvokeModel has for this model alone; Converse serves it": 18,
  "a list of models": 7,
  "a prompt that its provider has stored": 1,
  "a token count": 10,
  "embeddings": 6,
  "its client asked for enumerations as numbers": 2,
  "moderations and lists of models": 5,
  "rankings of Bedrock have an API of their own, which is not spoken here": 1,
  "the old completions, which chats are not": 2,
  "the older completions of a provider: chats are asked for, whatever the client speaks": 16,
  "version 1 of the API": 6,
  "what a provider refused; its answer is asserted": 40,
  "what bedrock-converse is asked has no client here; its request.spec.ts renders it": 40,
  "what cohere-v2 is asked has no client here; its request.spec.ts renders it": 16,
  "what ollama is asked has no client here; its request.spec.ts renders it": 7,
}
`);
  });

  it('that was decoded for reading says what its bytes say', () => {
    const decoded = files.filter(({ name }) => name.endsWith('.decoded.jsonl'));
    expect(decoded.length).toBeGreaterThan(10);
    for (const { name } of decoded) {
      const bytes = readFileSync(join(upstream, name.replace('.decoded.jsonl', '.eventstream.b64.txt')), 'latin1');
      const lines = readFileSync(join(upstream, name), 'utf8').trim().split('\n');
      const messages = decodeMessages(Buffer.from(bytes, 'base64'));
      expect(messages).toEqual(lines.map((line) => JSON.parse(line) as unknown));
    }
  });
});
