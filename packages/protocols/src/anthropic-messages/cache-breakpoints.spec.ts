import fc from 'fast-check';
import { endpointOf, requestOf } from '../testing/builders.js';
import { limitBreakpoints, MAX_CACHE_BREAKPOINTS } from './cache-breakpoints.js';
import { renderRequest } from './request.js';

const block = (name: string, marked = true) => ({ name, ...(marked && { cache_control: { type: 'ephemeral' } }) });
const marked = (blocks: readonly object[]) =>
  blocks.filter((one) => 'cache_control' in one).map((one) => (one as { name?: string }).name);

describe('cache breakpoints', () => {
  it('stay where there are no more than Anthropic takes', () => {
    const [stable, turns] = [
      [block('tool'), block('system')],
      [block('a'), block('b')],
    ];
    limitBreakpoints(stable, turns);
    expect(marked([...stable, ...turns])).toEqual(['tool', 'system', 'a', 'b']);
  });

  it('stay at the end of the instructions and at the latest turns', () => {
    const stable = [block('tool'), block('system')];
    const turns = [block('a'), block('b'), block('plain', false), block('c'), block('d')];
    limitBreakpoints(stable, turns);
    expect(marked([...stable, ...turns])).toEqual(['system', 'b', 'c', 'd']);
  });

  it('stay at the last of many instructions', () => {
    const stable = ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => block(name));
    limitBreakpoints(stable, []);
    expect(marked(stable)).toEqual(['c', 'd', 'e', 'f']);
  });

  it('are never too many, and always include the last one', () => {
    const marks = fc.array(fc.boolean(), { maxLength: 12 });
    fc.assert(
      fc.property(marks, marks, (first, second) => {
        const stable = first.map((one, index) => block(`s${index}`, one));
        const turns = second.map((one, index) => block(`t${index}`, one));
        const before = marked([...stable, ...turns]);
        limitBreakpoints(stable, turns);
        const after = marked([...stable, ...turns]);
        expect(after.length).toBe(Math.min(before.length, MAX_CACHE_BREAKPOINTS));
        expect(after.at(-1)).toBe(before.at(-1));
      }),
    );
  });

  it('are counted over the whole request, the automatic one included', () => {
    const cache = { cache_control: { type: 'ephemeral' } };
    const text = (value: string) => ({ type: 'text', text: value, ...cache });
    const { body } = renderRequest(
      requestOf({
        ...cache,
        tools: [{ type: 'function', function: { name: 'f' }, ...cache }],
        messages: [
          { role: 'system', content: [text('s')] },
          { role: 'user', content: [text('a'), text('b'), { type: 'text', text: 'c' }] },
          { role: 'assistant', content: 'd' },
          { role: 'user', content: 'e' },
        ],
      }),
      { endpoint: endpointOf() },
    );
    expect(JSON.stringify(body).match(/cache_control/g)).toHaveLength(4);
    expect(body).toMatchObject({ system: [cache], tools: [{ name: 'f' }] });
    expect(JSON.stringify(body['tools'])).not.toContain('cache_control');
    expect((body['messages'] as { content: object[] }[]).at(-1)?.content).toEqual([text('e')]);
  });
});
