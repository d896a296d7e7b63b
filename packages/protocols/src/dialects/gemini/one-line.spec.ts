import { oneLine } from './one-line.js';

describe('JSON in one line', () => {
  const value = { text: ' two  spaces\n and a break ', list: [1, { deep: null }] };

  it.each([undefined, 2, '\t'])('is the same value, whatever it was indented by', (indent) => {
    const line = oneLine(JSON.stringify(value, null, indent).replaceAll('\n', '\r\n'));
    expect(line).not.toMatch(/[\r\n]/);
    expect(JSON.parse(line)).toEqual(value);
  });

  it('is made at once also of a text that is nothing but white space', () => {
    const blank = { text: ' '.repeat(200_000) };
    expect(JSON.parse(oneLine(JSON.stringify(blank, null, 2)))).toEqual(blank);
  });
});
