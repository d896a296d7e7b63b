import { z } from 'zod';
import { routingFields } from '../common/routing-fields.js';
import { MAX_NAME_LENGTH, optional } from '../common/schema-helpers.js';
import { content, instruction } from './content-schema.js';
import { camelKeys } from './keys.js';

const MAX_CONTENTS = 10_000;
const MAX_TOOLS = 512;

const jsonObject = z.record(z.string(), z.unknown());
const count = optional(z.int().min(0));

const thinkingConfig = z.preprocess(
  camelKeys,
  z.looseObject({
    thinkingBudget: optional(z.int().min(-1)),
    thinkingLevel: optional(z.string().max(32)),
    includeThoughts: optional(z.boolean()),
  }),
);

const generationConfig = z.preprocess(
  camelKeys,
  z.looseObject({
    maxOutputTokens: optional(z.int().min(1)),
    candidateCount: optional(z.int().min(1).max(128)),
    temperature: optional(z.number().min(0).max(2)),
    topP: optional(z.number().min(0).max(1)),
    topK: count,
    seed: optional(z.int()),
    stopSequences: optional(z.array(z.string()).max(64)),
    frequencyPenalty: optional(z.number().min(-2).max(2)),
    presencePenalty: optional(z.number().min(-2).max(2)),
    responseLogprobs: optional(z.boolean()),
    logprobs: count,
    responseMimeType: optional(z.string().max(128)),
    responseSchema: optional(jsonObject),
    responseJsonSchema: optional(z.unknown()),
    responseModalities: optional(z.array(z.string().max(32)).max(8)),
    thinkingConfig: optional(thinkingConfig),
    imageConfig: optional(jsonObject),
    speechConfig: optional(jsonObject),
  }),
);

const functionDeclaration = z.preprocess(
  camelKeys,
  z.looseObject({
    name: z.string().min(1).max(MAX_NAME_LENGTH),
    description: optional(z.string()),
    parameters: optional(jsonObject),
    parametersJsonSchema: optional(jsonObject),
  }),
);

const tool = z.preprocess(
  camelKeys,
  z.looseObject({
    functionDeclarations: optional(z.array(functionDeclaration).max(MAX_TOOLS)),
    googleSearch: optional(jsonObject),
    googleSearchRetrieval: optional(jsonObject),
  }),
);

const toolConfig = z.preprocess(
  camelKeys,
  z.looseObject({
    functionCallingConfig: optional(
      z.preprocess(
        camelKeys,
        z.looseObject({
          mode: optional(z.string().max(32)),
          allowedFunctionNames: optional(z.array(z.string().max(MAX_NAME_LENGTH)).max(MAX_TOOLS)),
        }),
      ),
    ),
  }),
);

/** What the body of `generateContent` may hold (ai.google.dev/api/generate-content), `model` and `stream` taken from the address. */
export const generateContentRequest = z.looseObject({
  ...routingFields,
  stream: optional(z.boolean()),
  contents: z
    .union([
      z.string().transform((text) => [{ role: 'user' as const, parts: [{ text }] }]),
      z.array(content).min(1).max(MAX_CONTENTS),
      content.transform((single) => [single]),
    ])
    .transform((contents) => contents),
  systemInstruction: optional(instruction),
  tools: optional(z.array(tool).max(MAX_TOOLS)),
  toolConfig: optional(toolConfig),
  generationConfig: optional(generationConfig),
  labels: optional(z.record(z.string().max(64), z.string().max(512))),
});
export type GenerateContentRequest = z.output<typeof generateContentRequest>;
