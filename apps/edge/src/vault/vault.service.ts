import { randomUUID } from 'node:crypto';
import { promisify } from 'node:util';
import { zstdCompress, zstdDecompress } from 'node:zlib';
import { Injectable } from '@nestjs/common';
import { RpcClient } from '@switchyard/bus';
import {
  EraseVault,
  GatewayError,
  GetVaultPart,
  GetVaultRoom,
  MAX_VAULT_PARTS,
  MAX_VAULT_PART_BYTES,
  PutVaultPart,
} from '@switchyard/contracts';
import type { ReplyOf, VaultKind } from '@switchyard/contracts';
import { EdgeConfig } from '../config.js';
import { SEAL_BYTES, Sealer } from './sealer.js';
import type { Tenant } from './sealer.js';

const compress = promisify(zstdCompress);
const decompress = promisify(zstdDecompress);

const PART_BYTES = MAX_VAULT_PART_BYTES - SEAL_BYTES;
/** Nothing that was put in is larger. */
export const MAX_CONTENT_BYTES = 64 * 1024 * 1024;
/** Most that waits at a time for a vault that is slow, before it was compressed. */
const MAX_SENDING_BYTES = 2 * MAX_CONTENT_BYTES;

/** An entry of a tenant, by its {@link VaultService.address}. */
export interface Place extends Tenant {
  readonly address: string;
}

/** The edge's side of the vault: seals what goes in and opens what comes out. The service behind it sees ciphertext alone. */
@Injectable()
export class VaultService {
  private readonly sealer: Sealer | null;
  private sendingBytes = 0;

  constructor(
    private readonly rpc: RpcClient,
    { VAULT_SECRET: secret }: EdgeConfig,
  ) {
    this.sealer = secret === undefined ? null : new Sealer(secret);
  }

  /** Whether anything can be kept: without a secret nothing is. */
  get configured(): boolean {
    return this.sealer !== null;
  }

  /** @throws GatewayError `storage_not_configured` */
  assertConfigured(): void {
    if (!this.sealer) throw new GatewayError('storage_not_configured');
  }

  address(tenant: Tenant, parts: readonly string[]): string {
    return this.open().address(tenant, parts);
  }

  /**
   * Keeps content for a time. False when it is too large, for an entry or for its account, when what there was of it had to make room
   * for others before it was whole, or while too much is on its way already.
   * @throws GatewayError `service_unavailable`
   */
  async put(place: Place, content: Buffer, ttlSeconds: number): Promise<boolean> {
    const sealer = this.open();
    const { byteLength } = content;
    if (byteLength > MAX_CONTENT_BYTES || this.sendingBytes + byteLength > MAX_SENDING_BYTES) return false;
    this.sendingBytes += byteLength;
    try {
      return await this.send(sealer, place, { packed: await compress(content), ttlSeconds });
    } finally {
      this.sendingBytes -= byteLength;
    }
  }

  /** Null when there is nothing, or nothing that can be opened. @throws GatewayError `service_unavailable` */
  async get(place: Place): Promise<Buffer | null> {
    const sealer = this.open();
    const { accountId, kind, address } = place;
    const pieces: Buffer[] = [];
    let entryId: string | null = null;
    let parts = 1;
    for (let number = 0; number < parts; number += 1) {
      const reply: ReplyOf<typeof GetVaultPart> = await this.rpc.call(GetVaultPart, {
        accountId,
        kind,
        address,
        entryId,
        number,
      });
      if (!reply.part) return null;
      const { bytes, ...found } = reply.part;
      ({ entryId, parts } = found);
      const piece = sealer.open({ ...place, ...found, number }, Buffer.from(bytes, 'base64'));
      if (!piece) return null;
      pieces.push(piece);
    }
    return decompress(Buffer.concat(pieces), { maxOutputLength: MAX_CONTENT_BYTES }).catch(() => null);
  }

  /** How many entries there were. @throws GatewayError `service_unavailable` */
  async erase(
    accountId: string,
    which: { readonly kind?: VaultKind; readonly address?: string; readonly keyId?: string } = {},
  ): Promise<number> {
    return (await this.rpc.call(EraseVault, { accountId, ...which })).erased;
  }

  room(accountId: string): Promise<ReplyOf<typeof GetVaultRoom>> {
    return this.rpc.call(GetVaultRoom, { accountId });
  }

  private async send(
    sealer: Sealer,
    place: Place,
    { packed, ttlSeconds }: { readonly packed: Buffer; readonly ttlSeconds: number },
  ): Promise<boolean> {
    const parts = Math.max(1, Math.ceil(packed.byteLength / PART_BYTES));
    if (parts > MAX_VAULT_PARTS) return false;
    const entryId = randomUUID();
    let kept = false;
    for (let number = 0; number < parts; number += 1) {
      const part = packed.subarray(number * PART_BYTES, (number + 1) * PART_BYTES);
      const bytes = sealer.seal({ ...place, entryId, number, parts }, part).toString('base64');
      const { state } = await this.rpc.call(PutVaultPart, { ...place, entryId, number, parts, bytes, ttlSeconds });
      if (state === 'refused') return false;
      kept = state === 'kept';
    }
    return kept;
  }

  private open(): Sealer {
    this.assertConfigured();
    return this.sealer!;
  }
}
