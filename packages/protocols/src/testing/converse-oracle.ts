import { decodeMessages } from './event-stream.js';
import type { Answer } from './oracle.js';

interface ToolUse {
  readonly name: string;
  readonly input?: unknown;
  readonly type?: string;
}
interface Thought {
  readonly text?: string;
  readonly signature?: string;
}
interface Block {
  readonly text?: string;
  readonly toolUse?: ToolUse;
  readonly reasoningContent?: Thought & { readonly reasoningText?: Thought; readonly redactedContent?: string };
  readonly citationsContent?: { readonly content?: readonly { readonly text: string }[] };
}
interface Usage {
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly totalTokens: number;
}
interface Event {
  readonly contentBlockIndex?: number;
  readonly start?: { readonly toolUse?: ToolUse };
  readonly delta?: Block;
  readonly stopReason?: string;
  readonly usage?: Usage;
}

/** What Bedrock's Converse says, by its reference; messages are decoded by AWS's own code. The total counts what was cached. */
export function readConverse(bytes: Buffer, stream: boolean): Answer {
  if (stream) return readEvents(decodeMessages(bytes).map(({ payload }) => payload as Event));
  const { output, stopReason, usage } = JSON.parse(bytes.toString('utf8')) as {
    output: { message: { content: readonly Block[] } };
    stopReason: string;
    usage: Usage;
  };
  const blocks = output.message.content;
  const text = blocks.map(
    (block) => block.text ?? block.citationsContent?.content?.map((part) => part.text).join('') ?? '',
  );
  const thoughts = blocks.flatMap(({ reasoningContent }) => (reasoningContent ? [reasoningContent] : []));
  return {
    text: text.join(''),
    reasoning: thoughts.map(({ reasoningText }) => reasoningText?.text ?? '').join(''),
    signatures: thoughts.flatMap((thought) => thought.reasoningText?.signature ?? thought.redactedContent ?? []),
    tools: blocks
      .flatMap(({ toolUse }) => (toolUse && toolUse.type !== 'server_tool_use' ? [toolUse] : []))
      .map(({ name, input }) => ({ name, arguments: input })),
    nativeFinish: stopReason,
    ...tokensOf(usage),
  };
}

function readEvents(events: readonly Event[]): Answer {
  const tools = new Map<number, { readonly name: string; text: string }>();
  for (const { contentBlockIndex: index = 0, start, delta } of events) {
    if (start?.toolUse && start.toolUse.type !== 'server_tool_use')
      tools.set(index, { name: start.toolUse.name, text: '' });
    const tool = tools.get(index);
    if (tool && delta?.toolUse) tool.text += delta.toolUse.input as string;
  }
  const deltas = events.flatMap(({ delta }) => (delta ? [delta] : []));
  return {
    text: deltas.map(({ text }) => text ?? '').join(''),
    reasoning: deltas.map(({ reasoningContent }) => reasoningContent?.text ?? '').join(''),
    signatures: deltas.flatMap(({ reasoningContent: thought }) => thought?.signature ?? thought?.redactedContent ?? []),
    tools: [...tools.values()].map(({ name, text }) => ({
      name,
      arguments: text === '' ? {} : (JSON.parse(text) as unknown),
    })),
    nativeFinish: events.find(({ stopReason }) => stopReason)?.stopReason ?? null,
    ...tokensOf(events.find(({ usage }) => usage)?.usage),
  };
}

const tokensOf = (usage: Usage | undefined) => ({
  promptTokens: usage ? usage.totalTokens - usage.outputTokens : null,
  completionTokens: usage?.outputTokens ?? null,
});
