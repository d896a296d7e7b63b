import type { Match, ModelNames } from './match.ts';

const AUTHORS: Readonly<Record<string, string>> = {
  meta: 'meta-llama',
  mistral: 'mistralai',
  moonshot: 'moonshotai',
  xai: 'x-ai',
  zai: 'z-ai',
};

/**
 * Profiles that spread a call over regions; only those that the default region can call, the cheapest first. The names without one are
 * for models of a single region.
 */
const PROFILE = /^(?:(global|us)\.)?([a-z0-9]+)\.(.+)$/;

/** `global.anthropic.claude-sonnet-4-5-20250929-v1:0` is `anthropic/claude-sonnet-4.5`. */
export function matchBedrock(name: string, names: ModelNames): Match | null {
  const [, profile, vendor, rest] = PROFILE.exec(name) ?? [];
  if (!vendor || !rest) return null;
  const author = AUTHORS[vendor] ?? vendor;
  // DeepSeek's have the name of the maker in the public id alone: `deepseek.v3.2`.
  const slugs = slugsOf(rest).flatMap((slug) => [slug, `${vendor}-${slug}`]);
  const model =
    slugs.map((slug) => `${author}/${slug}`).find((id) => names.ids.has(id)) ??
    slugs.map((slug) => names.bySlug.get(slug)).find((id) => id !== undefined);
  return model ? { model, tag: profile === 'us' ? 'amazon-bedrock/us' : 'amazon-bedrock' } : null;
}

/** What comes after the vendor, in the spellings that public ids have: with and without version, date and "instruct". */
function slugsOf(rest: string): string[] {
  const versioned = rest.replace(/:\d+$/, '');
  const plain = versioned.replace(/-v?\d$/, '').replace(/-20\d{6}$/, '');
  const spaced = plain.replace(/^llama(\d)/, 'llama-$1');
  const forms = [versioned, plain, spaced].flatMap((form) => [form, form.replace(/(\d)-(\d)(?!\d)/g, '$1.$2')]);
  const short = spaced.replace(/-\d+b-instruct$/, '');
  return [
    ...new Set([...forms, ...forms.map((form) => `${form}-instruct`), ...forms.map((form) => `${form}-it`), short]),
  ];
}

/** Rows in the order in which they are taken: what has a profile is called by it. */
export const profileRank = (name: string): number => (name.startsWith('global.') ? 0 : name.startsWith('us.') ? 1 : 2);
