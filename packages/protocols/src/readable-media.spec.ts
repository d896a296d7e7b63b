import { PROTOCOL_IDS } from '@switchyard/contracts';
import { canCarry, describeMedia, mediaIn } from './readable-media.js';
import { requestOf } from './testing/builders.js';

const image = (url: string) => ({ type: 'image_url', image_url: { url } });
const file = (file_data: string) => ({ type: 'file', file: { filename: 'x', file_data } });
const piecesOf = (...content: object[]) => mediaIn(requestOf({ messages: [{ role: 'user', content }] }));
const carriers = (part: object) => {
  const pieces = piecesOf(part);
  return PROTOCOL_IDS.filter((protocol) => !pieces.every((piece) => canCarry(protocol, piece)));
};
const CLAUDE = ['anthropic-messages', 'anthropic-vertex', 'anthropic-bedrock'];

describe('the media of a request', () => {
  it('are told once each, by kind, form and media type', () => {
    const png = image('data:image/PNG;base64,AAAA');
    const pieces = piecesOf({ type: 'text', text: 'x' }, png, png, image('https://a.example/b.png'));
    expect(pieces).toEqual([
      { kind: 'image', by: 'base64', mediaType: 'image/png' },
      { kind: 'image', by: 'url', mediaType: '' },
    ]);
    expect(pieces.map(describeMedia)).toEqual(['image/png', 'image by its address']);
  });

  it('that come as files stay pictures', () => {
    expect(piecesOf(file('data:image/webp;base64,AAAA'))).toEqual([
      { kind: 'image', by: 'base64', mediaType: 'image/webp' },
    ]);
  });

  it.each([
    ['a PNG', image('data:image/png;base64,AAAA'), []],
    ['a TIFF', image('data:image/tiff;base64,AAAA'), [...CLAUDE, 'bedrock-converse']],
    ['a picture by its address', image('https://a.example/b.png'), ['ollama', 'bedrock-converse']],
    ['a PDF', file('data:application/pdf;base64,AAAA'), ['cohere-v2', 'ollama']],
    ['a text', file('data:text/plain;base64,AAAA'), ['ollama']],
    ['an archive', file('data:application/zip;base64,AAAA'), [...CLAUDE, 'cohere-v2', 'ollama', 'bedrock-converse']],
  ])('%s has no place in some formats', (_name, part, without) => {
    expect(carriers(part).toSorted()).toEqual(without.toSorted());
  });
});
