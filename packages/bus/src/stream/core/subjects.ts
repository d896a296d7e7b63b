/** Subjects of `gw.v1`. Every token is random or an operator's name, never text of a client. */
const ROOT = 'gw.v1';
/** Of an id in a frame: each of its characters is a byte. */
export const ID_BYTES = 22;
const ID = /^[A-Za-z0-9]{22}$/;
const TOKEN = /^[A-Za-z0-9_-]{1,64}$/;
const FRAMES_SUBJECT = /^gw\.v1\.s\.[A-Za-z0-9]{22}\.[A-Za-z0-9]{22}$/;
const CONTROL_SUBJECT = /^gw\.v1\.c\.[A-Za-z0-9_-]{1,64}\.[A-Za-z0-9_-]{1,64}\.[A-Za-z0-9]{22}$/;

/** A random name of a stream, a connection or a process. */
export const isId = (text: string): boolean => ID.test(text);
export const isFramesSubject = (subject: string): boolean => FRAMES_SUBJECT.test(subject);
export const isControlSubject = (subject: string): boolean => CONTROL_SUBJECT.test(subject);

/** @throws RangeError for a name that may not stand in a subject. */
export function assertToken(name: string, what: string): string {
  if (!TOKEN.test(name))
    throw new RangeError(`${what} must be 1 to 64 of A-Z a-z 0-9 _ -, got ${JSON.stringify(name)}`);
  return name;
}

export const callSubject = (provider: string): string => `${ROOT}.call.${provider}`;
export const workerGroup = (provider: string): string => `w.${provider}`;
/** `target` is a connection of a worker (ordered messages) or the worker itself (pings). */
export const controlPrefix = (provider: string, target: string): string => `${ROOT}.c.${provider}.${target}.`;
export const framesPrefix = (connection: string): string => `${ROOT}.s.${connection}.`;
export const workerBeatSubject = (provider: string, worker: string): string =>
  `${ROOT}.hb.worker.${provider}.${worker}`;
export const edgeBeatSubject = (edge: string): string => `${ROOT}.hb.edge.${edge}`;
export const ANY_WORKER_BEAT = `${ROOT}.hb.worker.*.*`;
export const ANY_EDGE_BEAT = `${ROOT}.hb.edge.*`;
/** {@link framesPrefix} of the subject of a stream's frames. */
export const framesPrefixOf = (subject: string): string => subject.slice(0, subject.lastIndexOf('.') + 1);
export const lastToken = (subject: string): string => subject.slice(subject.lastIndexOf('.') + 1);

/** Provider and worker of a heartbeat. */
export function workerOfBeat(subject: string): [provider: string, worker: string] {
  const tokens = subject.split('.');
  return [tokens.at(-2) ?? '', tokens.at(-1) ?? ''];
}
