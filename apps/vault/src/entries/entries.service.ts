import { Inject, Injectable } from '@nestjs/common';
import { MAX_VAULT_PART_BYTES, GatewayError } from '@switchyard/contracts';
import type { EraseVault, GetVaultPart, GetVaultRoom, PutVaultPart, ReplyOf, RequestOf } from '@switchyard/contracts';
import { EntriesRepository } from './entries.repository.js';

/** Most that an account may keep, bytes. */
export const ACCOUNT_BYTES = Symbol('account bytes');

@Injectable()
export class EntriesService {
  constructor(
    private readonly entries: EntriesRepository,
    @Inject(ACCOUNT_BYTES) private readonly accountBytes: number,
  ) {}

  async put({ bytes, ...part }: RequestOf<typeof PutVaultPart>): Promise<ReplyOf<typeof PutVaultPart>> {
    const sealed = Buffer.from(bytes, 'base64');
    if (sealed.byteLength > MAX_VAULT_PART_BYTES || part.number >= part.parts)
      throw new GatewayError('invalid_request', { message: 'That is no part of an entry.' });
    return { state: await this.entries.put({ ...part, sealed }, this.accountBytes) };
  }

  async get({ entryId, number, ...place }: RequestOf<typeof GetVaultPart>): Promise<ReplyOf<typeof GetVaultPart>> {
    const found = await this.entries.find(place, entryId, number);
    if (!found) return { part: null };
    return { part: { entryId: found.entryId, parts: found.parts, bytes: found.sealed.toString('base64') } };
  }

  async erase(request: RequestOf<typeof EraseVault>): Promise<ReplyOf<typeof EraseVault>> {
    return { erased: await this.entries.erase(request) };
  }

  async room({ accountId }: RequestOf<typeof GetVaultRoom>): Promise<ReplyOf<typeof GetVaultRoom>> {
    return { kinds: await this.entries.roomOf(accountId), limitBytes: this.accountBytes };
  }
}
