import { Controller } from '@nestjs/common';
import { Request, Serves } from '@switchyard/bus';
import {
  EraseVault,
  GetVaultPart,
  GetVaultRoom,
  PutVaultPart,
  type ReplyOf,
  type RequestOf,
} from '@switchyard/contracts';
import { EntriesService } from './entries.service.js';

@Controller()
export class EntriesController {
  constructor(private readonly entries: EntriesService) {}

  @Serves(PutVaultPart)
  put(@Request(PutVaultPart) request: RequestOf<typeof PutVaultPart>): Promise<ReplyOf<typeof PutVaultPart>> {
    return this.entries.put(request);
  }

  @Serves(GetVaultPart)
  get(@Request(GetVaultPart) request: RequestOf<typeof GetVaultPart>): Promise<ReplyOf<typeof GetVaultPart>> {
    return this.entries.get(request);
  }

  @Serves(EraseVault)
  erase(@Request(EraseVault) request: RequestOf<typeof EraseVault>): Promise<ReplyOf<typeof EraseVault>> {
    return this.entries.erase(request);
  }

  @Serves(GetVaultRoom)
  room(@Request(GetVaultRoom) request: RequestOf<typeof GetVaultRoom>): Promise<ReplyOf<typeof GetVaultRoom>> {
    return this.entries.room(request);
  }
}
