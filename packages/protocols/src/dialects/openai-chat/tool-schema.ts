import { z } from 'zod';
import type { FunctionTool, ResponseFormat, ToolChoice } from '@switchyard/contracts';
import { cacheControl } from '../common/cache-control.js';
import { MAX_NAME_LENGTH, optional, present } from '../common/schema-helpers.js';

const toolName = z.string().min(1).max(MAX_NAME_LENGTH);
const jsonObject = z.record(z.string(), z.unknown());

export const tool = z
  .looseObject({
    type: z.literal('function', 'only function tools are supported'),
    function: z.looseObject({
      name: toolName,
      description: optional(z.string()),
      parameters: optional(jsonObject),
      strict: optional(z.boolean()),
      cache_control: optional(cacheControl),
    }),
    cache_control: optional(cacheControl),
  })
  .transform(({ function: { name, description, parameters, strict, ...details }, cache_control: cache }) => {
    const cacheHint = cache ?? details.cache_control;
    return present({ name, description, parameters, strict, cacheControl: cacheHint }) as unknown as FunctionTool;
  });

const EXPECTED_CHOICE = 'expected none, auto, required or {type:"function",function:{name}}';

export const toolChoice = z
  .union(
    [
      z.enum(['none', 'auto', 'required']),
      z.looseObject({ type: z.literal('function'), function: z.looseObject({ name: toolName }) }),
    ],
    EXPECTED_CHOICE,
  )
  .transform((choice): ToolChoice => (typeof choice === 'string' ? choice : { name: choice.function.name }));

const jsonSchema = z
  .looseObject({
    type: z.literal('json_schema'),
    json_schema: z.looseObject({
      name: optional(toolName),
      description: optional(z.string()),
      schema: optional(jsonObject),
      strict: optional(z.boolean()),
    }),
  })
  .transform(({ json_schema: { name, description, schema, strict } }) =>
    present({ type: 'json_schema', name: name ?? 'response', description, schema, strict }),
  );

export const responseFormat = z
  .discriminatedUnion('type', [
    z.looseObject({ type: z.literal('text') }).transform(() => ({ type: 'text' as const })),
    z.looseObject({ type: z.literal('json_object') }).transform(() => ({ type: 'json_object' as const })),
    jsonSchema,
  ])
  .transform((format) => format as ResponseFormat);
