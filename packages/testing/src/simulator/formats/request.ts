import { z } from 'zod';
import { RefusedRequest } from '../prompt.js';
import type { OfferedTool } from '../prompt.js';

/** The body of a request by its schema. @throws RefusedRequest that says what is wrong with it */
export function understood<Schema extends z.ZodType>(schema: Schema, body: unknown): z.output<Schema> {
  const result = schema.safeParse(body);
  if (result.success) return result.data;
  throw new RefusedRequest(`Invalid request: ${z.prettifyError(result.error)}`);
}

/** Tools in OpenAI's form, which others took over. */
export const FunctionTools = z
  .array(z.looseObject({ function: z.looseObject({ name: z.string(), parameters: z.unknown().optional() }) }))
  .nullish();

export const toolsIn = (tools: z.output<typeof FunctionTools>): readonly OfferedTool[] =>
  (tools ?? []).map((tool) => ({ name: tool.function.name, schema: tool.function.parameters ?? {} }));
