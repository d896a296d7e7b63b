import { Controller } from '@nestjs/common';
import { Request, Serves } from '@switchyard/bus';
import {
  CreateKey,
  FindKeyHash,
  GetKey,
  ListKeys,
  ResolveKey,
  RevokeKey,
  TouchKeys,
  UpdateKey,
  type ReplyOf,
  type RequestOf,
} from '@switchyard/contracts';
import { KeysService } from './keys.service.js';

@Controller()
export class KeysController {
  constructor(private readonly keys: KeysService) {}

  @Serves(ResolveKey)
  resolve(@Request(ResolveKey) request: RequestOf<typeof ResolveKey>): Promise<ReplyOf<typeof ResolveKey>> {
    return this.keys.resolve(request);
  }

  @Serves(CreateKey)
  create(@Request(CreateKey) request: RequestOf<typeof CreateKey>): Promise<ReplyOf<typeof CreateKey>> {
    return this.keys.create(request);
  }

  @Serves(ListKeys)
  list(@Request(ListKeys) request: RequestOf<typeof ListKeys>): Promise<ReplyOf<typeof ListKeys>> {
    return this.keys.list(request);
  }

  @Serves(GetKey)
  get(@Request(GetKey) request: RequestOf<typeof GetKey>): Promise<ReplyOf<typeof GetKey>> {
    return this.keys.get(request);
  }

  @Serves(FindKeyHash)
  findHash(@Request(FindKeyHash) request: RequestOf<typeof FindKeyHash>): Promise<ReplyOf<typeof FindKeyHash>> {
    return this.keys.findHash(request);
  }

  @Serves(UpdateKey)
  update(@Request(UpdateKey) request: RequestOf<typeof UpdateKey>): Promise<ReplyOf<typeof UpdateKey>> {
    return this.keys.update(request);
  }

  @Serves(RevokeKey)
  revoke(@Request(RevokeKey) request: RequestOf<typeof RevokeKey>): Promise<ReplyOf<typeof RevokeKey>> {
    return this.keys.revoke(request);
  }

  @Serves(TouchKeys)
  touch(@Request(TouchKeys) request: RequestOf<typeof TouchKeys>): Promise<ReplyOf<typeof TouchKeys>> {
    return this.keys.touch(request);
  }
}
