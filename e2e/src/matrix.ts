import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from './test-stack.js';

const PAGE = path.join(ROOT, 'docs/compatibility.md');
const BEGIN = '<!-- matrix: begin -->';
const END = '<!-- matrix: end -->';

/** What was seen to work: by dialect, by format of the upstream, the abilities. */
export class Matrix {
  private readonly seen = new Map<string, Map<string, Set<string>>>();

  note(dialect: string, protocol: string, ability: string): void {
    const row = this.seen.get(dialect) ?? new Map<string, Set<string>>();
    this.seen.set(dialect, row);
    row.set(protocol, (row.get(protocol) ?? new Set()).add(ability));
  }

  /** A table in Markdown; columns and abilities in the order in which they were seen first. */
  table(): string {
    const rows = [...this.seen.values()];
    const protocols = [...new Set(rows.flatMap((row) => [...row.keys()]))];
    const abilities = [...new Set(rows.flatMap((row) => [...row.values()].flatMap((set) => [...set])))];
    const cells = [...this.seen].map(([dialect, row]) => [
      dialect,
      ...protocols.map((protocol) => abilities.filter((ability) => row.get(protocol)?.has(ability)).join(', ')),
    ]);
    const table = [['client', ...protocols.map((protocol) => `\`${protocol}\``)], ...cells];
    const widths = table[0]!.map((_, column) => Math.max(...table.map((line) => line[column]!.length)));
    const lines = table.map((line) => `| ${line.map((cell, column) => cell.padEnd(widths[column]!)).join(' | ')} |`);
    lines.splice(1, 0, `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`);
    return lines.join('\n');
  }

  /** The table that the documentation shows. With `UPDATE_DOCS` it is written anew first. */
  documented(): string {
    const page = readFileSync(PAGE, 'utf8');
    const [before = '', rest = ''] = page.split(BEGIN);
    const [table = '', after = ''] = rest.split(END);
    if (!process.env['UPDATE_DOCS']) return table.trim();
    writeFileSync(PAGE, `${before}${BEGIN}\n\n${this.table()}\n\n${END}${after}`);
    return this.table();
  }
}
