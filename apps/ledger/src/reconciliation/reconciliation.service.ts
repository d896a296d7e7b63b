import { Injectable } from '@nestjs/common';
import { GatewayError, type ReconcileUsage, type ReplyOf, type RequestOf } from '@switchyard/contracts';
import { ActivityRepository } from '../activity/activity.repository.js';
import { compare } from './compare.js';
import { UnreadableExport } from './provider-export.js';
import { readExport } from './read-export.js';

/** Compares the books with what a provider says that it was asked for: the only witness from outside. */
@Injectable()
export class ReconciliationService {
  constructor(private readonly activity: ActivityRepository) {}

  /** @throws GatewayError `invalid_request` for an export that cannot be read */
  async reconcile(request: RequestOf<typeof ReconcileUsage>): Promise<ReplyOf<typeof ReconcileUsage>> {
    const { format, days: billed } = read(request);
    const days = billed.map(({ day }) => day).toSorted();
    const booked = await this.activity.ofProvider(request.provider, days[0]!, days.at(-1)!);
    return { format, ...compare(booked, billed) };
  }
}

function read({ provider, export: text }: RequestOf<typeof ReconcileUsage>) {
  try {
    return readExport(provider, text);
  } catch (error) {
    if (!(error instanceof UnreadableExport)) throw error;
    throw new GatewayError('invalid_request', { message: error.message });
  }
}
