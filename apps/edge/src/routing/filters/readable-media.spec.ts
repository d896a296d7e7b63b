import type { CatalogueEndpoint, Message } from '@switchyard/contracts';
import { aModel, anEndpoint } from '../../catalogue/testing/builders.js';
import { route } from '../route.js';
import { aRequest, anInput } from '../testing/builders.js';

const modalities = { inputModalities: ['text', 'image'] };
const converse: CatalogueEndpoint = {
  ...anEndpoint({ tag: 'amazon-bedrock' }),
  ...modalities,
  protocol: 'bedrock-converse',
};
const chat: CatalogueEndpoint = { ...anEndpoint({ tag: 'acme' }), ...modalities, protocol: 'openai-chat' };
const facts = { inputModalities: ['text', 'image'], outputModalities: ['text'], promptBytes: 10 };

const seeing = (source: Extract<Message, { role: 'user' }>['content'][number] & { type: 'image' }) => ({
  request: aRequest({ messages: [{ role: 'user', content: [source] }] }),
  facts,
});
const byAddress = seeing({ type: 'image', source: { kind: 'url', url: 'https://a.example/b.png' } });
const png = seeing({ type: 'image', source: { kind: 'base64', mediaType: 'image/png', data: 'AAAA' } });
const tiff = seeing({ type: 'image', source: { kind: 'base64', mediaType: 'image/tiff', data: 'AAAA' } });
const tagsOf = (input: typeof png, endpoints: CatalogueEndpoint[]) =>
  route(anInput({ models: [aModel({ endpoints })], ...input }))
    .candidates.map(({ endpoint }) => endpoint.tag)
    .toSorted();

describe('endpoints whose format has no place for a piece of media', () => {
  it('are left out, and nobody else', () => {
    expect(tagsOf(png, [converse, chat])).toEqual(['acme', 'amazon-bedrock']);
    expect(tagsOf(byAddress, [converse, chat])).toEqual(['acme']);
    expect(tagsOf(tiff, [converse, chat])).toEqual(['acme']);
  });

  it('are why nobody is left, in words that say what to send instead', () => {
    const { error, verdicts } = route(anInput({ models: [aModel({ endpoints: [converse] })], ...byAddress }));
    expect(error).toMatchObject({
      code: 'no_endpoints',
      message: 'No endpoints found that can read image by its address',
    });
    expect(JSON.stringify(error?.metadata)).toContain('base64');
    expect(verdicts).toMatchObject([{ kept: false, reason: 'media_form' }]);
  });
});
