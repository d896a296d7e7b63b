import { Injectable } from '@nestjs/common';
import { RpcClient } from '@switchyard/bus';
import { GetActivity, GetKey, ListKeys } from '@switchyard/contracts';
import type { ActivityRow, ApiKey } from '@switchyard/contracts';
import type { Caller } from '../callers/caller.js';
import type { ActivityQuery } from './activity-query.js';

export type WorkspaceActivity = ActivityRow & { readonly workspaceId: string | null };

const KEYS_PER_PAGE = 100;
/** Of one question to the ledger. */
const MAX_KEYS = 1_000;

/** What the caller's account used, day by day; filters choose keys, because it is keys that spend. */
@Injectable()
export class ActivityService {
  constructor(private readonly rpc: RpcClient) {}

  /** @throws GatewayError `not_found` for a key that the account does not have */
  async of({ key }: Caller, query: ActivityQuery): Promise<WorkspaceActivity[]> {
    const { accountId } = key;
    const { fromDay, toDay, keyHash, userId, workspaceId, groupByWorkspace } = query;
    if (keyHash === null && userId === null && workspaceId === null && !groupByWorkspace)
      return this.rowsOf({ accountId, keyIds: null, fromDay, toDay }, null);
    const keys = keyHash === null ? await this.everyKey(accountId) : [await this.keyOf(accountId, keyHash)];
    const chosen = keys.filter(
      (candidate) =>
        (userId === null || candidate.creatorUserId === userId) &&
        (workspaceId === null || candidate.workspaceId === workspaceId),
    );
    const groups = groupByWorkspace
      ? [...Map.groupBy(chosen, (candidate) => candidate.workspaceId)]
      : [[null, chosen] as const];
    const rows: WorkspaceActivity[] = [];
    for (const [workspace, members] of groups)
      for (const keyIds of chunks(members.map(({ id }) => id)))
        rows.push(...(await this.rowsOf({ accountId, keyIds, fromDay, toDay }, workspace)));
    return merged(rows);
  }

  private async rowsOf(
    request: { accountId: string; keyIds: string[] | null; fromDay: string; toDay: string },
    workspaceId: string | null,
  ): Promise<WorkspaceActivity[]> {
    const { rows } = await this.rpc.call(GetActivity, request);
    return rows.map((row) => ({ ...row, workspaceId }));
  }

  private async keyOf(accountId: string, digest: string): Promise<ApiKey> {
    const { key } = await this.rpc.call(GetKey, { accountId, digest });
    return key;
  }

  private async everyKey(accountId: string): Promise<ApiKey[]> {
    const keys: ApiKey[] = [];
    for (;;) {
      const page = await this.rpc.call(ListKeys, {
        accountId,
        kind: 'inference',
        includeDisabled: true,
        includeRevoked: true,
        offset: keys.length,
        limit: KEYS_PER_PAGE,
      });
      keys.push(...page.keys);
      if (page.keys.length < KEYS_PER_PAGE) return keys;
    }
  }
}

function* chunks(ids: readonly string[]): Generator<string[]> {
  for (let start = 0; start < ids.length; start += MAX_KEYS) yield ids.slice(start, start + MAX_KEYS);
}

/** An account with more keys than one question may name is asked about in parts. */
function merged(rows: readonly WorkspaceActivity[]): WorkspaceActivity[] {
  const sums = new Map<string, WorkspaceActivity>();
  for (const row of rows) {
    const id = [row.day, row.endpointId, row.upstreamModel, row.workspaceId].join(' ');
    const known = sums.get(id);
    sums.set(id, known ? plus(known, row) : row);
  }
  return [...sums.values()].toSorted((a, b) => (a.day === b.day ? 0 : a.day < b.day ? 1 : -1));
}

const plus = (a: WorkspaceActivity, b: WorkspaceActivity): WorkspaceActivity => ({
  ...a,
  requests: a.requests + b.requests,
  promptTokens: a.promptTokens + b.promptTokens,
  completionTokens: a.completionTokens + b.completionTokens,
  reasoningTokens: a.reasoningTokens + b.reasoningTokens,
  chargedNanos: a.chargedNanos + b.chargedNanos,
  ownKeyCostNanos: a.ownKeyCostNanos + b.ownKeyCostNanos,
});
