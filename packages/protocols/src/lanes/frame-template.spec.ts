import fc from 'fast-check';
import { encodeBinaryText, decodeBinaryText } from '../frames/binary-text.js';
import type { JsonRecord } from '../json.js';
import { FrameTemplate } from './frame-template.js';

const chunkOf = (content: string, name = 'm'): JsonRecord => ({
  id: 'x',
  model: name,
  choices: [{ index: 0, delta: { content }, finish_reason: null }],
});
const frameOf = (chunk: JsonRecord): string => encodeBinaryText(JSON.stringify(chunk));
const edit = (chunk: JsonRecord): JsonRecord => ({ ...chunk, id: 'ours' });
const templateOf = (name?: string): FrameTemplate =>
  FrameTemplate.learn(frameOf(chunkOf('Hello', name)), chunkOf('Hello', name), edit)!;

describe('a template of frames', () => {
  it.each(['plain', 'größe'])('gives of every text what an edit of the parsed frame gives (%s)', (name) => {
    const template = templateOf(name);
    fc.assert(
      fc.property(fc.oneof(fc.string({ minLength: 1 }), fc.string({ unit: 'grapheme', minLength: 1 })), (text) => {
        const chunk = chunkOf(text, name);
        const applied = template.apply(frameOf(chunk));
        expect(applied && decodeBinaryText(applied.output)).toBe(`data: ${JSON.stringify(edit(chunk))}\n\n`);
        expect(applied).toMatchObject({ characters: text.length, bytes: Buffer.byteLength(text) });
      }),
    );
  });

  it.each([
    ['nothing to say', chunkOf('')],
    ['another model', chunkOf('Hello', 'n')],
    ['an end', { ...chunkOf('x'), choices: [{ index: 0, delta: { content: 'x' }, finish_reason: 'stop' }] }],
    [
      'a second field',
      { ...chunkOf('x'), choices: [{ index: 0, delta: { content: 'x', a: 'y' }, finish_reason: null }] },
    ],
  ])('does not take a frame with %s for one of its own', (_what, chunk) => {
    expect(templateOf().apply(frameOf(chunk))).toBeNull();
  });

  it.each(['"a\nb"', '"a"b"', '"a\\"', '"\\x"', 'a', '"', '', '"\xff"'])(
    'leaves %j, which is no JSON string, to the parser',
    (text) => {
      const [before, after] = frameOf(chunkOf('@')).split('"@"') as [string, string];
      expect(templateOf().apply(before + text + after)).toBeNull();
    },
  );
});
