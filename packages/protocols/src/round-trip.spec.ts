import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { ProtocolId } from '@switchyard/contracts';
import { protocolOf } from './index.js';
import { billing, endpointOf, laneOf, requestOf } from './testing/builders.js';
import { cut, joined, through } from './testing/chunks.js';
import { eventsOf } from './testing/client-schemas.js';

type Message = Record<string, unknown>;

const fixture = (protocol: ProtocolId, name: string): Buffer =>
  readFileSync(fileURLToPath(new URL(`__fixtures__/${protocol}/${name}`, import.meta.url)));

/** The message that a client has after a whole answer. */
function wholeMessage(protocol: ProtocolId, name: string): Message {
  const lane = laneOf(protocol);
  lane.response(fixture(protocol, `${name}.json`).toString());
  const body = JSON.parse(Buffer.from(lane.renderResponse(billing)).toString()) as { choices: { message: Message }[] };
  return body.choices[0]!.message;
}

/** The message that a client puts together from a stream: text joined, details appended piece by piece, merged by index and type. */
async function streamedMessage(protocol: ProtocolId, name: string): Promise<Message> {
  const events = eventsOf(await joined(through(laneOf(protocol), cut(fixture(protocol, `${name}.sse`), [10])))) as {
    choices: { delta: Message }[];
  }[];
  const details: Message[] = [];
  const calls: { id: string; function: { name: string; arguments: string } }[] = [];
  let content = '';
  for (const { delta } of events.flatMap((event) => event.choices)) {
    content += (delta['content'] as string | undefined) ?? '';
    for (const detail of (delta['reasoning_details'] ?? []) as Message[]) {
      const last = details.at(-1);
      if (
        detail['type'] === 'reasoning.text' &&
        last?.['type'] === 'reasoning.text' &&
        last['index'] === detail['index']
      )
        Object.assign(last, detail, { text: `${String(last['text'])}${String(detail['text'])}` });
      else details.push({ ...detail });
    }
    for (const piece of (delta['tool_calls'] ?? []) as {
      index: number;
      id: string;
      function: { name: string; arguments: string };
    }[]) {
      calls[piece.index] ??= { id: piece.id, function: { name: piece.function.name, arguments: '' } };
      calls[piece.index]!.function.arguments += piece.function.arguments;
    }
  }
  return {
    role: 'assistant',
    content,
    reasoning_details: details,
    ...(calls.length > 0 && { tool_calls: calls.map((call) => ({ ...call, type: 'function' })) }),
  };
}

const renderNext = (protocol: ProtocolId, message: Message): Record<string, unknown> => {
  const calls = (message['tool_calls'] ?? []) as { id: string }[];
  const results = calls.map((call) => ({ role: 'tool', tool_call_id: call.id, content: 'ok' }));
  const messages = [{ role: 'user', content: 'go' }, message, ...results, { role: 'user', content: 'next' }];
  return protocolOf(protocol).renderRequest(requestOf({ messages }), { endpoint: endpointOf() }).body;
};

describe.each([
  ['whole', (protocol: ProtocolId, name: string) => Promise.resolve(wholeMessage(protocol, name))],
  ['streamed', streamedMessage],
])('an answer that came %s and goes back', (_how, messageOf) => {
  it('to Anthropic has its thinking, signed and redacted, as it was', async () => {
    const body = renderNext('anthropic-messages', await messageOf('anthropic-messages', 'reasoning'));
    const original = JSON.parse(fixture('anthropic-messages', 'reasoning.json').toString()) as { content: unknown };
    expect((body['messages'] as { content: unknown }[])[1]!.content).toEqual(original.content);
  });

  it('to Anthropic has its tool calls as they were', async () => {
    const body = renderNext('anthropic-messages', await messageOf('anthropic-messages', 'parallel-tools'));
    const original = JSON.parse(fixture('anthropic-messages', 'parallel-tools.json').toString()) as {
      content: unknown;
    };
    expect((body['messages'] as { content: unknown }[])[1]!.content).toEqual(original.content);
  });

  it('to Gemini has the signature on the call that it came with', async () => {
    const body = renderNext('gemini', await messageOf('gemini', 'parallel-tools'));
    expect((body['contents'] as { parts: unknown }[])[1]!.parts).toMatchObject([
      { text: 'Looking.' },
      { functionCall: { name: 'weather', args: { city: 'Köln' } }, thoughtSignature: 'CiQB+/==' },
      { functionCall: { name: 'now', args: {} } },
    ]);
  });

  it('to Gemini has the signature on the text that it came with', async () => {
    const body = renderNext('gemini', await messageOf('gemini', 'reasoning'));
    expect((body['contents'] as { parts: unknown }[])[1]!.parts).toEqual([
      { text: '42', thoughtSignature: 'EjQKMgG+/=' },
    ]);
  });

  it('to another provider leaves behind what only its maker can read', async () => {
    const claude = await messageOf('anthropic-messages', 'reasoning');
    expect(JSON.stringify(renderNext('gemini', claude))).not.toMatch(/EqQB|EmwK/);
    expect(JSON.stringify(renderNext('openai-chat', claude))).not.toMatch(/EqQB|EmwK/);
    const google = await messageOf('gemini', 'parallel-tools');
    expect(JSON.stringify(renderNext('anthropic-messages', google))).not.toContain('CiQB');
  });
});
