/** Parameters in OpenRouter's words that a provider's API takes, from the API references of November 2026. */
const OPENAI_CHAT = [
  'frequency_penalty',
  'include_reasoning',
  'logit_bias',
  'logprobs',
  'max_completion_tokens',
  'max_tokens',
  'parallel_tool_calls',
  'prediction',
  'presence_penalty',
  'reasoning',
  'reasoning_effort',
  'response_format',
  'seed',
  'stop',
  'structured_outputs',
  'temperature',
  'tool_choice',
  'tools',
  'top_logprobs',
  'top_p',
  'verbosity',
  'web_search_options',
];
const OPEN_WEIGHTS = [...OPENAI_CHAT, 'min_p', 'repetition_penalty', 'top_a', 'top_k'];
const without = (names: readonly string[], ...left: string[]) => names.filter((name) => !left.includes(name));

export const PROVIDER_PARAMETERS: Readonly<Record<string, readonly string[]>> = {
  openrouter: OPEN_WEIGHTS,
  openai: OPENAI_CHAT,
  anthropic: [
    'include_reasoning',
    'max_completion_tokens',
    'max_tokens',
    'parallel_tool_calls',
    'reasoning',
    'reasoning_effort',
    'response_format',
    'stop',
    'structured_outputs',
    'temperature',
    'tool_choice',
    'tools',
    'top_k',
    'top_p',
    'verbosity',
  ],
  google: [
    'frequency_penalty',
    'include_reasoning',
    'logprobs',
    'max_completion_tokens',
    'max_tokens',
    'presence_penalty',
    'reasoning',
    'reasoning_effort',
    'response_format',
    'seed',
    'stop',
    'structured_outputs',
    'temperature',
    'tool_choice',
    'tools',
    'top_k',
    'top_logprobs',
    'top_p',
  ],
  groq: without(OPENAI_CHAT, 'logit_bias', 'logprobs', 'top_logprobs', 'prediction', 'verbosity', 'web_search_options'),
  mistral: without(OPENAI_CHAT, 'logit_bias', 'logprobs', 'top_logprobs', 'verbosity', 'web_search_options'),
  deepseek: without(
    OPENAI_CHAT,
    'logit_bias',
    'prediction',
    'seed',
    'structured_outputs',
    'verbosity',
    'web_search_options',
  ),
  xai: without(OPENAI_CHAT, 'logit_bias', 'prediction', 'verbosity', 'web_search_options'),
  together: without(OPEN_WEIGHTS, 'prediction', 'top_a', 'verbosity', 'web_search_options'),
  fireworks: without(OPEN_WEIGHTS, 'top_a', 'verbosity', 'web_search_options'),
  cerebras: without(
    OPENAI_CHAT,
    'frequency_penalty',
    'presence_penalty',
    'logit_bias',
    'verbosity',
    'web_search_options',
  ),
};

/** For a model that no list describes: what every chat model of its kind takes. */
export const basicParameters = (reasoning: boolean): string[] => [
  ...(reasoning ? ['include_reasoning'] : []),
  'max_tokens',
  ...(reasoning ? ['reasoning'] : ['stop', 'temperature', 'top_p']),
  'tool_choice',
  'tools',
];

/** Modalities that the protocol of a provider can carry to it. */
const IMAGES = ['text', 'image'];
export const PROVIDER_INPUTS: Readonly<Record<string, readonly string[]>> = {
  openrouter: ['text', 'image', 'file', 'audio', 'video'],
  openai: ['text', 'image', 'file', 'audio'],
  anthropic: ['text', 'image', 'file'],
  google: ['text', 'image', 'file', 'audio', 'video'],
  groq: IMAGES,
  mistral: ['text', 'image', 'file', 'audio'],
  deepseek: IMAGES,
  xai: IMAGES,
  together: IMAGES,
  fireworks: IMAGES,
  cerebras: IMAGES,
};

/** Providers that cache prompts by themselves, without being asked. */
export const CACHES_BY_ITSELF: ReadonlySet<string> = new Set([
  'openai',
  'google',
  'deepseek',
  'xai',
  'groq',
  'fireworks',
  'cerebras',
]);
