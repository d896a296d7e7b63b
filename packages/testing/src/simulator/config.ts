import { z } from 'zod';
import type { SimulatorServerOptions } from './server.js';

const Environment = z.object({
  PORT: z.coerce.number().int().min(0).max(65_535).default(0),
  HOST: z.string().min(1).default('127.0.0.1'),
  SIMULATOR_TOKENS_PER_SECOND: z.coerce.number().min(0).max(1_000_000).default(50),
  SIMULATOR_CONTROL: z.enum(['0', '1']).default('0'),
  /** Answers for models that it does not know as `echo`. */
  SIMULATOR_ANY_MODEL: z.enum(['0', '1']).default('0'),
  SWITCHYARD_FIXTURES: z.string().optional(),
});

/** Settings of the process from its environment. @throws ZodError that names every bad variable */
export function readConfig(environment: NodeJS.ProcessEnv = process.env): SimulatorServerOptions {
  const values = Environment.parse(environment);
  return {
    host: values.HOST,
    port: values.PORT,
    tokensPerSecond: values.SIMULATOR_TOKENS_PER_SECOND,
    control: values.SIMULATOR_CONTROL === '1',
    anyModel: values.SIMULATOR_ANY_MODEL === '1',
    fixtures: values.SWITCHYARD_FIXTURES || null,
  };
}
