import { z } from 'zod';
import { isStorable, OutsideText } from './outside-text.js';

describe('text from outside', () => {
  it.each([
    ['stop', 'stop'],
    ['a\0b', 'a\uFFFDb'],
    ['a\uD800b', 'a\uFFFDb'],
    ['👩‍👧', '👩‍👧'],
    ['x'.repeat(600), 'x'.repeat(512)],
    [`${'x'.repeat(511)}👧`, `${'x'.repeat(511)}\uFFFD`],
  ])('is made storable when it is read and when it is written', (text, stored) => {
    expect(OutsideText.parse(text)).toBe(stored);
    expect(z.encode(OutsideText, text)).toBe(stored);
    expect(isStorable(stored)).toBe(true);
    expect(isStorable(text)).toBe(text.length > 512 ? text.isWellFormed() : text === stored);
  });
});
