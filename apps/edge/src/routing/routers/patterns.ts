/** Whether an id is one of these, in which `*` stands for anything. Without regular expressions: patterns come from clients. */
export const matchesAny = (id: string, patterns: readonly string[]): boolean =>
  patterns.some((pattern) => matches(id, pattern));

function matches(id: string, pattern: string): boolean {
  const [head = '', ...rest] = pattern.toLowerCase().split('*');
  const text = id.toLowerCase();
  if (rest.length === 0) return text === head;
  if (!text.startsWith(head)) return false;
  const tail = rest.pop() ?? '';
  let from = head.length;
  for (const piece of rest) {
    const at = text.indexOf(piece, from);
    if (at < 0) return false;
    from = at + piece.length;
  }
  return text.length - tail.length >= from && text.endsWith(tail);
}
