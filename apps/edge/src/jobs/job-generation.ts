import type { CompletionRequest, DialectId } from '@switchyard/contracts';
import type { JobRequest } from '@switchyard/protocols';
import type { RoutingFacts } from '../routing/routing.js';

/** How clients of every job are told of errors: in OpenAI's form, as OpenRouter does. */
export const ERROR_DIALECT: DialectId = 'openai-chat';

/** A job as routing, attempts and records see every request: which models, by which preferences, for whom. */
export const requestOfJob = ({
  job,
  models,
  provider,
  parameters,
  user,
  sessionId,
  streamed,
}: JobRequest): CompletionRequest => ({
  models,
  provider,
  parameters,
  messages: [],
  modalities: [job],
  stream: streamed ?? false,
  ...(user !== undefined && { user }),
  ...(sessionId !== undefined && { sessionId }),
  extra: {},
});

/** Only endpoints of the job itself; what has to fit into their context is the largest of its texts. */
export const factsOfJob = ({ job, size, needs, inputModalities = ['text'] }: JobRequest): RoutingFacts => ({
  job,
  ...(needs && { needs }),
  inputModalities,
  outputModalities: [job],
  promptBytes: size.largestBytes,
});
