import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from './test-stack.js';

const PAGE = path.join(ROOT, 'docs/compatibility.md');
const BEGIN = '<!-- matrix: begin -->';
const END = '<!-- matrix: end -->';

export const ABILITIES = ['text', 'tools', 'reasoning', 'images', 'errors'] as const;
export type Ability = (typeof ABILITIES)[number];

/** What a dialect cannot ask for or say, and why: its cells are complete without it. */
export interface Impossible {
  readonly client: string;
  readonly ability: Ability;
  readonly reason: string;
}

/** What was seen to work: by format of the upstream and by client, the abilities. */
export class Matrix {
  private readonly seen = new Map<string, Map<string, Set<Ability>>>();
  private readonly notes = new Set<string>();

  constructor(
    private readonly upstreams: readonly string[],
    private readonly clients: readonly string[],
    private readonly impossible: readonly Impossible[],
  ) {}

  record(upstream: string, client: string, ability: Ability): void {
    const row = this.seen.get(upstream) ?? new Map<string, Set<Ability>>();
    this.seen.set(upstream, row);
    row.set(client, (row.get(client) ?? new Set()).add(ability));
  }

  /** Something that stands below the table. */
  note(line: string): void {
    this.notes.add(line);
  }

  /** Abilities of a cell that were not seen and for which no reason is given. */
  missing(upstream: string, client: string): Ability[] {
    const seen = this.seen.get(upstream)?.get(client);
    return ABILITIES.filter((ability) => !seen?.has(ability) && !this.reasonAgainst(client, ability));
  }

  /** A table in Markdown and the notes below it. */
  table(): string {
    const rows = this.upstreams.map((upstream) => [
      upstream,
      ...this.clients.map((client) => this.cell(this.seen.get(upstream)?.get(client))),
    ]);
    const table = [['format of the provider', ...this.clients], ...rows];
    const widths = table[0]!.map((_, column) => Math.max(...table.map((line) => line[column]!.length)));
    const lines = table.map((line) => `| ${line.map((cell, column) => cell.padEnd(widths[column]!)).join(' | ')} |`);
    lines.splice(1, 0, `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`);
    const reasons = this.impossible.map(({ client, ability, reason }) => `No ${ability} with ${client}: ${reason}.`);
    const notes = [...reasons, ...[...this.notes].toSorted()].map((line) => `- ${line}`);
    return [...lines, '', ...notes].join('\n');
  }

  private cell(seen: ReadonlySet<Ability> | undefined): string {
    return ABILITIES.filter((ability) => seen?.has(ability)).join(', ') || '-';
  }

  private reasonAgainst(client: string, ability: Ability): string | undefined {
    return this.impossible.find((one) => one.client === client && one.ability === ability)?.reason;
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
