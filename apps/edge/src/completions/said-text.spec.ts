import fc from 'fast-check';
import { SaidText, SeamFilter } from './said-text.js';

const chunk = (delta: object, finish: string | null = null): string =>
  `data: ${JSON.stringify({ id: 'gen', choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`;
const bytes = (text: string) => new TextEncoder().encode(text);
const said = (...events: string[]) => {
  const text = new SaidText();
  for (const event of events) text.push(bytes(event));
  return text.text;
};

describe('what was said of an answer', () => {
  it('is the text of its chunks, wherever they were cut', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ minLength: 1 }), { minLength: 1 }), fc.nat(40), (words, size) => {
        const stream = bytes(words.map((content) => chunk({ content })).join(''));
        const text = new SaidText();
        for (let at = 0; at < stream.length; at += size + 1) text.push(stream.subarray(at, at + size + 1));
        const whole = words.join('');
        expect(text.text).toBe(whole.trim() === '' ? null : whole.toWellFormed());
      }),
    );
  });

  it('leaves comments and empty fields out', () => {
    expect(
      said(
        ': KEEP ALIVE\n\n',
        chunk({ role: 'assistant', content: '' }),
        chunk({ content: 'a', refusal: null, tool_calls: [] }),
      ),
    ).toBe('a');
  });

  it.each([
    ['a call of a tool', chunk({ tool_calls: [{ index: 0 }] })],
    ['reasoning', chunk({ reasoning: 'hm' })],
    ['reasoning in details', chunk({ reasoning_details: [{ type: 'reasoning.text', text: 'hm' }] })],
    ['a refusal', chunk({ refusal: 'no' })],
    ['a finish', chunk({}, 'stop')],
    ['two choices', `data: ${JSON.stringify({ choices: [{ delta: {} }, { delta: {} }] })}\n\n`],
    ['what is no chunk', 'data: [DONE]\n\n'],
    ['half an event', 'data: {"choices"'],
  ])('cannot be gone on with after %s', (_what, event) => {
    expect(said(chunk({ content: 'a' }))).toBe('a');
    expect(said(chunk({ content: 'a' }), event)).toBeNull();
    expect(said(event, chunk({ content: 'a' }))).toBeNull();
  });

  it('is nothing when it is white space, or too long to be held', () => {
    expect(said(chunk({ content: ' \n' }))).toBeNull();
    expect(said(...Array.from({ length: 9 }, () => chunk({ content: 'x'.repeat(60_000) })))).toBeNull();
  });
});

describe('the seam of an answer that goes on', () => {
  const through = (skip: string, ...contents: string[]) => {
    const filter = new SeamFilter(skip);
    const events = contents.map((content) => Buffer.from(filter.filter(bytes(chunk({ content })))).toString('utf8'));
    return events.map((event) => said(event) ?? '').join('');
  };

  it.each([
    ['\n\n', ['\n\nNext'], 'Next'],
    ['\n\n', ['\n', '\nNext', '\n\nand'], 'Next\n\nand'],
    ['\n\n', ['Next'], 'Next'],
    ['\n\n', ['\nNext'], 'Next'],
    [' ', ['  two'], ' two'],
    ['', [' Next'], ' Next'],
  ])('takes the white space %j off %j', (skip, contents, expected) => {
    expect(through(skip, ...contents)).toBe(expected);
  });

  it('leaves everything else as it is, to the byte', () => {
    const events = `: comment\n\ndata: {"choices":[],"usage":{}}\n\ndata: [DONE]\n\n`;
    expect(Buffer.from(new SeamFilter(' ').filter(bytes(events))).toString('utf8')).toBe(events);
  });
});
