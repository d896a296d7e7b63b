import { geminiCallOf } from './gemini-call.js';

describe('an address of Google', () => {
  it.each([
    ['acme/large:generateContent', 'acme/large', 'generateContent'],
    ['gemini-3-pro:streamGenerateContent', 'gemini-3-pro', 'streamGenerateContent'],
    ['acme/large:countTokens', 'acme/large', 'countTokens'],
    ['acme/large:free:generateContent', 'acme/large:free', 'generateContent'],
  ])('%s names a model and what is wanted of it', (path, model, method) => {
    expect(geminiCallOf(path)).toEqual({ model, method });
  });

  it.each(['acme/large', 'acme/large:', 'acme/large:batchGenerateContent', ':generateContent', 'generateContent', ''])(
    '%j names nothing that is served',
    (path) => {
      expect(geminiCallOf(path)).toBeNull();
    },
  );
});
