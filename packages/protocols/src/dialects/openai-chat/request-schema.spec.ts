import fc from 'fast-check';
import { chatRequest, readChatRequest } from './request-schema.js';

const value = fc.oneof(
  fc.constantFrom(null, true, 'auto', 'x', 1, 0.5, -3, 300),
  fc.constantFrom<object[]>([], { type: 'json_object' }, ['a'], { order: ['acme'], zdr: true, new_field: 1 }),
);
const messages = fc.constantFrom<unknown>(
  [{ role: 'user', content: 'Hi' }],
  [{ role: 'user', content: 5 }],
  [{ role: 'nobody' }],
  null,
);

describe('the body of a chat completion', () => {
  it('is read the same by all of its schema and by the part of it that its fields need', () => {
    const body = fc.tuple(
      fc.dictionary(fc.constantFrom(...Object.keys(chatRequest.shape), 'new_field'), value),
      messages,
    );
    fc.assert(
      fc.property(body, ([fields, said]) => {
        const request = { ...fields, messages: said };
        const [read, whole] = [readChatRequest(request), chatRequest.safeParse(request)];
        expect(read.data).toEqual(whole.data);
        expect(read.error?.issues).toEqual(whole.error?.issues);
      }),
      { numRuns: 500 },
    );
  });
});
