import { Controller } from '@nestjs/common';
import { Request, Serves } from '@switchyard/bus';
import { EraseVault, GatewayError, GetVaultPart, GetVaultRoom, PutVaultPart } from '@switchyard/contracts';
import type { ReplyOf, RequestOf } from '@switchyard/contracts';

type Part = RequestOf<typeof PutVaultPart>;

/** Serves the vault's contracts from memory, without its limits: enough of the service for the edge's own specs. */
@Controller()
export class SmallVault {
  /** The parts of every entry, by where it lies. */
  readonly entries = new Map<string, Part[]>();
  away = false;
  reads = 0;
  /** Another account needs the room of whatever is not whole yet. */
  crowded = false;
  /** Nothing is put before it resolves. */
  busy: Promise<void> = Promise.resolve();

  @Serves(PutVaultPart)
  async put(@Request(PutVaultPart) part: Part): Promise<ReplyOf<typeof PutVaultPart>> {
    await this.busy;
    this.assertThere();
    if (this.crowded) this.entries.delete(placeOf(part));
    const before = this.entries.get(placeOf(part))?.filter(({ entryId }) => entryId === part.entryId) ?? [];
    this.entries.set(placeOf(part), [...before, part]);
    return { state: before.length + 1 === part.parts ? 'kept' : 'partial' };
  }

  @Serves(GetVaultPart)
  get(@Request(GetVaultPart) request: RequestOf<typeof GetVaultPart>): ReplyOf<typeof GetVaultPart> {
    this.assertThere();
    this.reads += 1;
    const part = this.entries.get(placeOf(request))?.[request.number];
    return { part: part ? { entryId: part.entryId, parts: part.parts, bytes: part.bytes } : null };
  }

  @Serves(EraseVault)
  erase(@Request(EraseVault) request: RequestOf<typeof EraseVault>): ReplyOf<typeof EraseVault> {
    this.assertThere();
    const gone = [...this.entries].filter(
      ([, [part]]) =>
        part?.accountId === request.accountId &&
        (request.kind === null || part.kind === request.kind) &&
        (request.address === null || part.address === request.address) &&
        (request.keyId === null || part.keyId === request.keyId),
    );
    for (const [place] of gone) this.entries.delete(place);
    return { erased: gone.length };
  }

  @Serves(GetVaultRoom)
  room(@Request(GetVaultRoom) { accountId }: RequestOf<typeof GetVaultRoom>): ReplyOf<typeof GetVaultRoom> {
    const kinds = (['answer', 'response'] as const).flatMap((kind) => {
      const parts = [...this.entries.values()].filter(([part]) => part?.accountId === accountId && part.kind === kind);
      const bytes = parts.flat().reduce((sum, part) => sum + Buffer.byteLength(part.bytes, 'base64'), 0);
      return parts.length === 0 ? [] : [{ kind, entries: parts.length, bytes }];
    });
    return { kinds, limitBytes: 1_000_000 };
  }

  private assertThere(): void {
    if (this.away) throw new GatewayError('internal');
  }
}

const placeOf = ({ accountId, kind, address }: Pick<Part, 'accountId' | 'kind' | 'address'>): string =>
  `${accountId} ${kind} ${address}`;
