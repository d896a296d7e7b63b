import { GatewayError, KeyDigest, UtcDay } from '@switchyard/contracts';
import { z } from 'zod';

/** Days that OpenRouter keeps for `/activity` (spec 1.3): completed ones, before the day that runs. */
export const ACTIVITY_DAYS = 30;
const MS_PER_DAY = 86_400_000;

const dayOf = (atMs: number): string => new Date(atMs).toISOString().slice(0, 10);

const Query = z.object({
  date: UtcDay.optional(),
  api_key_hash: KeyDigest.optional(),
  user_id: z.string().min(1).max(200).optional(),
  workspace_id: z.uuid().optional(),
  group_by: z.literal('workspace').optional(),
});

export interface ActivityQuery {
  readonly fromDay: string;
  readonly toDay: string;
  readonly keyHash: string | null;
  readonly userId: string | null;
  readonly workspaceId: string | null;
  readonly groupByWorkspace: boolean;
}

/**
 * Reads the query of `GET /activity`: the last 30 completed UTC days, or one of them. The running day can be asked for by its
 * date, which OpenRouter refuses: its figures grow until midnight.
 * @throws GatewayError `invalid_request` that names the parameter
 */
export function activityQuery(query: unknown, nowMs: number): ActivityQuery {
  const parsed = Query.safeParse(query);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const name = issue?.path.join('.') || 'The query';
    throw new GatewayError('invalid_request', {
      message: `${name}: ${issue?.message ?? 'not valid'}`,
      metadata: { path: name },
    });
  }
  const { date, api_key_hash: keyHash, user_id: userId, workspace_id: workspaceId, group_by: groupBy } = parsed.data;
  const first = dayOf(nowMs - ACTIVITY_DAYS * MS_PER_DAY);
  const today = dayOf(nowMs);
  if (date !== undefined && (date < first || date > today))
    throw new GatewayError('invalid_request', {
      message: `date: must be one of the last ${ACTIVITY_DAYS} UTC days, ${first} to ${today}`,
      metadata: { path: 'date' },
    });
  return {
    fromDay: date ?? first,
    toDay: date ?? dayOf(nowMs - MS_PER_DAY),
    keyHash: keyHash ?? null,
    userId: userId ?? null,
    workspaceId: workspaceId ?? null,
    groupByWorkspace: groupBy !== undefined,
  };
}
