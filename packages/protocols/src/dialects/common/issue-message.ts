import { z } from 'zod';

type Issue = z.core.$ZodIssue;

/** `messages[0].content[1].type: …`: where the fault is and what is expected, never what stood there. */
export function describeIssue(error: z.ZodError): { readonly path: string; readonly message: string } {
  const issue = deepest(error.issues[0]!);
  const path = formatPath(issue.path);
  return { path, message: `${path || 'body'}: ${explain(issue)}` };
}

/** Of a union that failed, the branch that came furthest says best what is wrong. */
function deepest(issue: Issue): Issue {
  if (issue.code !== 'invalid_union' || issue.errors.length === 0) return issue;
  const candidates = issue.errors
    .map((issues) => issues[0])
    .filter((inner) => inner !== undefined)
    .map((inner) => deepest({ ...inner, path: [...issue.path, ...inner.path] }));
  const best = candidates.reduce((found, candidate) => (candidate.path.length > found.path.length ? candidate : found));
  return best.path.length > issue.path.length ? best : issue;
}

const formatPath = (path: readonly PropertyKey[]): string =>
  path
    .map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key).slice(0, 64)}`))
    .join('')
    .replace(/^\./, '');

function explain(issue: Issue): string {
  if (issue.code === 'invalid_type' && issue.input === undefined && /received undefined/.test(issue.message))
    return `required, ${lower(issue.message.replace(/, received undefined$/, ''))}`;
  if (issue.code === 'invalid_union')
    return issue.message === 'Invalid input' ? 'not of any expected form' : issue.message;
  return lower(issue.message.replace(/^Invalid input: /, ''));
}

const lower = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1);
