import type { Fault } from './fault.js';
import { lastUserText, RefusedRequest } from './prompt.js';
import type { Prompt, SeenImage } from './prompt.js';
import { valueFor } from './schema-value.js';
import { tokensOf } from './tokens.js';

/** What the simulated model says; every string is one token. */
export interface Answer {
  readonly reasoning: readonly string[];
  /** Opaque state that a real provider would want back. */
  readonly signature: string | null;
  readonly text: readonly string[];
  readonly toolCall: { readonly name: string; readonly arguments: readonly string[] } | null;
  /** null only for the `blank` fault. */
  readonly finish: 'stop' | 'length' | 'tool_calls' | null;
  /** The stop sequence that ended the text. */
  readonly stopSequence: string | null;
}

export const BEHAVIOURS = ['echo', 'tools', 'reasoning', 'slow', 'vision'] as const;
export type Behaviour = (typeof BEHAVIOURS)[number];

/**
 * The behaviour that a model name stands for: its first word, so that `echo`, `echo-mini` and `sandbox/echo` are the same.
 * @throws RefusedRequest 404 for names that begin with none of {@link BEHAVIOURS}.
 */
export function behaviourOf(model: string): Behaviour {
  const behaviour = knownBehaviour(model);
  if (!behaviour)
    throw new RefusedRequest(`The model \`${model.slice(0, 100)}\` does not exist.`, 404, 'model_not_found');
  return behaviour;
}

export const isKnownModel = (model: string): boolean => knownBehaviour(model) !== undefined;

function knownBehaviour(model: string): Behaviour | undefined {
  const word = /^(?:.*\/)?([a-z]+)(?:[-:.].*)?$/.exec(model)?.[1];
  return BEHAVIOURS.find((known) => known === word);
}

/** Answers a prompt; the same prompt always gets the same answer. */
export function answer(prompt: Prompt, fault: Fault): Answer {
  const behaviour = behaviourOf(prompt.model);
  if (fault.blank) return { ...EMPTY, finish: null };
  const said = withoutDirectives(lastUserText(prompt));
  const reasoning =
    behaviour === 'reasoning' ? tokensOf(`The user wrote ${said.length} characters. I will repeat them politely.`) : [];
  const tool = chosenTool(prompt, behaviour);
  if (tool) {
    const call = tokensOf(JSON.stringify(valueFor(tool.schema, said.slice(0, 40))));
    return limit({ ...EMPTY, reasoning, toolCall: { name: tool.name, arguments: call }, finish: 'tool_calls' }, prompt);
  }
  const whole = afterPrefill(
    fault.tokens === undefined ? textFor(prompt, behaviour, said) : filler(fault.tokens),
    prompt,
  );
  const { text, stopSequence } = cutAtStop(whole, prompt.stop);
  return limit({ ...EMPTY, reasoning, text: tokensOf(text), stopSequence }, prompt);
}

const EMPTY: Answer = { reasoning: [], signature: null, text: [], toolCall: null, finish: 'stop', stopSequence: null };
const SIGNATURE = Buffer.from('switchyard-sandbox-signature').toString('base64');

const withoutDirectives = (text: string): string => text.replaceAll(/\s*\[\[fault:[^\]]*\]\]\s*/g, ' ').trim();

/** The first tool offered, or the one that was demanded; none after a tool has answered, or when the caller forbids it. */
function chosenTool(prompt: Prompt, behaviour: Behaviour) {
  const { tools, toolChoice, turns } = prompt;
  if (typeof toolChoice === 'object') return tools.find((tool) => tool.name === toolChoice.name) ?? tools[0];
  if (toolChoice === 'none' || turns.at(-1)?.role === 'tool') return undefined;
  return behaviour === 'tools' || toolChoice === 'required' ? tools[0] : undefined;
}

function textFor(prompt: Prompt, behaviour: Behaviour, said: string): string {
  if (prompt.json) return JSON.stringify(valueFor(prompt.json.schema ?? ANY_OBJECT, said.slice(0, 40)));
  const result = prompt.turns.at(-1)?.role === 'tool' ? prompt.turns.at(-1)?.text : undefined;
  if (result !== undefined) return `The Switchyard sandbox got this from the tool: ${result}`;
  if (behaviour === 'vision') return describe(prompt.turns.flatMap((turn) => turn.images));
  return `Hello from the Switchyard sandbox! You said: ${said || '(nothing)'}`;
}

const ANY_OBJECT = { type: 'object', properties: { answer: { type: 'string' } }, required: ['answer'] };

function describe(images: readonly SeenImage[]): string {
  if (images.length === 0) return 'The Switchyard sandbox sees no image.';
  const list = images.map(({ mediaType, bytes }) =>
    bytes === null ? 'one by its address' : `${mediaType} of ${bytes} bytes`,
  );
  return `The Switchyard sandbox sees ${images.length} image(s): ${list.join(', ')}.`;
}

/** An answer that the caller has begun is continued where it is the beginning of this one. */
function afterPrefill(whole: string, { turns }: Prompt): string {
  const last = turns.at(-1);
  return last?.role === 'assistant' && whole.startsWith(last.text) ? whole.slice(last.text.length) : whole;
}

/** A text of exactly this many tokens. */
const filler = (tokens: number): string => Array.from({ length: tokens }, (_, index) => `w${index + 1}`).join(' ');

function cutAtStop(text: string, stop: readonly string[]): { text: string; stopSequence: string | null } {
  const cuts = stop
    .filter((sequence) => sequence !== '' && text.includes(sequence))
    .map((sequence) => ({ at: text.indexOf(sequence), sequence }));
  const first = cuts.sort((left, right) => left.at - right.at)[0];
  return first ? { text: text.slice(0, first.at), stopSequence: first.sequence } : { text, stopSequence: null };
}

/** Applies `max_tokens`: it counts reasoning, then text or arguments, as the providers do. */
function limit(whole: Answer, { maxTokens }: Prompt): Answer {
  const left = maxTokens ?? Infinity;
  const reasoning = whole.reasoning.slice(0, left);
  const rest = left - reasoning.length;
  const text = whole.text.slice(0, rest);
  const toolCall = whole.toolCall && { ...whole.toolCall, arguments: whole.toolCall.arguments.slice(0, rest) };
  const cut =
    reasoning.length < whole.reasoning.length ||
    text.length < whole.text.length ||
    (toolCall?.arguments.length ?? 0) < (whole.toolCall?.arguments.length ?? 0);
  return {
    reasoning,
    signature: reasoning.length > 0 ? SIGNATURE : null,
    text,
    toolCall,
    finish: cut ? 'length' : whole.finish,
    stopSequence: cut ? null : whole.stopSequence,
  };
}

/** The arguments of a call as a value. Those that `max_tokens` cut are no JSON: an empty object stands for them. */
export function argumentsOf(tokens: readonly string[]): unknown {
  try {
    return JSON.parse(tokens.join('')) as unknown;
  } catch {
    return {};
  }
}

/** All output tokens of an answer. A call without arguments still costs one. */
export const outputTokensOf = ({ reasoning, text, toolCall }: Answer): number =>
  reasoning.length + text.length + (toolCall?.arguments.length ?? 0);
