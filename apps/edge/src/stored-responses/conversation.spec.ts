import { decodeStored, encodeStored, inputItemsPage, itemsOf, responseIn, spokenUntil } from './conversation.js';
import type { Json } from './conversation.js';

const ID = 'gen-1700000000-AAAAAAAAAAbbbbbbbbbb';
const user = (text: string) => ({ type: 'message', role: 'user', content: [{ type: 'input_text', text }] });
const said = (text: string) => ({ type: 'message', role: 'assistant', content: [{ type: 'output_text', text }] });

describe('a stored conversation', () => {
  it('goes on with what was said, reasoning included and in its order', () => {
    const thought = { type: 'reasoning', id: 'rs_1', summary: [], encrypted_content: 'sealed by its maker' };
    const call = { type: 'function_call', call_id: 'c1', name: 'f', arguments: '{}' };
    const stored = { response: { output: [thought, said('One.'), call] }, input: itemsOf('Count.') };
    expect(spokenUntil(stored)).toEqual([user('Count.'), thought, said('One.'), call]);
    expect(decodeStored(encodeStored(stored))).toEqual(stored);
  });

  it('is nothing where the bytes are of something else', () => {
    for (const text of ['', 'null', '[]', '{"response":1,"input":[]}', '{"response":{}}', '{"response":{'])
      expect(decodeStored(Buffer.from(text))).toBeNull();
  });

  it.each(['response.completed', 'response.incomplete'])('is read from the last event of a stream: %s', (type) => {
    const response = { id: ID, output: [said('data: {"type":"response.completed"}')] };
    const events = [
      { type: 'response.created', response: { id: ID, output: [] } },
      { type: 'response.output_text.delta', delta: 'data: ' },
      { type, response },
    ].map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
    expect(responseIn(Buffer.from(`${events.join('')}data: [DONE]\n\n`), true)).toEqual(response);
    expect(responseIn(Buffer.from(events.slice(0, 2).join('')), true)).toBeNull();
    expect(responseIn(Buffer.from(JSON.stringify(response)), false)).toEqual(response);
    for (const broken of ['{"id":', '', 'null', '[]']) expect(responseIn(Buffer.from(broken), false)).toBeNull();
  });

  describe('in pages', () => {
    const stored = { response: {}, input: [1, 2, 3, 4, 5].map((number) => user(`Item ${number}`)) };
    const textsOf = ({ data }: Json) =>
      (data as { content: { text: string }[] }[]).map(({ content }) => content[0]?.text);

    it('begins with the newest, or the oldest, and goes on after an item', () => {
      const first = inputItemsPage(ID, stored, { limit: '2' });
      expect(textsOf(first)).toEqual(['Item 5', 'Item 4']);
      expect(first).toMatchObject({ object: 'list', has_more: true });
      const second = inputItemsPage(ID, stored, { limit: '3', after: first['last_id'] });
      expect(textsOf(second)).toEqual(['Item 3', 'Item 2', 'Item 1']);
      expect(second['has_more']).toBe(false);
      expect(textsOf(inputItemsPage(ID, stored, { order: 'asc', limit: 2 }))).toEqual(['Item 1', 'Item 2']);
      const ids = (inputItemsPage(ID, stored, {})['data'] as { id: string }[]).map(({ id }) => id);
      expect(new Set(ids).size).toBe(5);
      for (const id of ids) expect(id).toMatch(/^msg_AAAAAAAAAAbbbbbbbbbb_\d$/);
    });

    it('keeps the ids that items have', () => {
      const page = inputItemsPage(ID, { response: {}, input: [{ ...said('x'), id: 'msg_own' }] }, {});
      expect(page).toMatchObject({ first_id: 'msg_own', last_id: 'msg_own', has_more: false });
    });

    it.each([{ limit: '0' }, { limit: '101' }, { limit: 'x' }, { order: 'up' }, { after: 'msg_unknown' }])(
      'refuses %j',
      (query) => expect(() => inputItemsPage(ID, stored, query)).toThrow(/^(limit|order|after): /),
    );
  });
});
