import type { FastifyRequest } from 'fastify';
import type { ClientFacts } from './generation.js';

/** Longer values of attribution headers are cut. */
const MAX_FACT_CHARACTERS = 512;

/** Reads the headers that tell about the application (spec 2.1). */
export const clientFactsOf = ({ headers }: Pick<FastifyRequest, 'headers'>): ClientFacts => ({
  httpReferer: fact(headers['http-referer'] ?? headers.referer),
  appTitle: fact(headers['x-openrouter-title'] ?? headers['x-title']),
  userAgent: fact(headers['user-agent']),
  sessionId: fact(headers['x-session-id']),
});

const fact = (value: string | string[] | undefined): string | null => {
  const text = Array.isArray(value) ? value[0] : value;
  return text ? text.slice(0, MAX_FACT_CHARACTERS) : null;
};
