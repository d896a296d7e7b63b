/** The generated parts of a page stand between comments of their name. */
const begin = (name: string): string => `<!-- begin ${name} -->`;
const end = (name: string): string => `<!-- end ${name} -->`;

/**
 * Puts each part in its place of the page.
 * @throws Error when a part has no place, or a place no part
 */
export function fillPage(page: string, parts: Readonly<Record<string, string>>): string {
  const places = [...page.matchAll(/<!-- begin (\S+) -->/g)].map(([, name]) => name ?? '');
  const nameless = places.filter((name) => parts[name] === undefined);
  if (nameless.length > 0) throw new Error(`the page has places that nothing fills: ${nameless.join(', ')}`);
  return Object.entries(parts).reduce((text, [name, part]) => {
    const from = text.indexOf(begin(name));
    const to = text.indexOf(end(name), from);
    if (from === -1 || to === -1) throw new Error(`the page has no place for ${name}`);
    return `${text.slice(0, from)}${begin(name)}\n\n${part}\n\n${text.slice(to)}`;
  }, page);
}
