/** One or more tokens as ids and provider names have them; never text of a client, never a wildcard. */
const SUFFIX = /^[A-Za-z0-9_=/-]+(\.[A-Za-z0-9_=/-]+)*$/;

/**
 * The subject of an event with what follows it.
 * @throws RangeError when the suffix could match or name another subject.
 */
export function eventSubject(subject: string, suffix: string | undefined, wildcard: 'refuse' | 'allow'): string {
  if (suffix === undefined) return subject;
  if (!SUFFIX.test(suffix) && !(wildcard === 'allow' && (suffix === '*' || suffix === '>'))) {
    throw new RangeError(`not a legal suffix of the subject ${subject}`);
  }
  return `${subject}.${suffix}`;
}
