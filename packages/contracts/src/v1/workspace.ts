import { z } from 'zod';
import { nanos } from '../money.js';
import { rpc } from '../rpc.js';
import { BudgetInterval } from './budget.js';
import { RoutingPolicy } from './routing.js';

/** Most budgets that one account may have: of itself, its workspaces and its users. */
export const MAX_BUDGETS_OF_ACCOUNT = 10_000;

/** A part of an account that keys belong to. */
export const Workspace = z.object({
  id: z.uuid(),
  accountId: z.uuid(),
  name: z.string(),
  /** Names it in addresses; unique in its account. */
  slug: z.string(),
  isDefault: z.boolean(),
  /** Whether spending on customers' own provider keys counts against its budgets. */
  includeByokInBudgets: z.boolean(),
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime().nullable(),
  /** What the requests of all its keys are routed under; null or absent: nothing was settled. */
  routing: RoutingPolicy.nullable().optional(),
});
export type Workspace = z.output<typeof Workspace>;

/** An id or a slug. */
const WorkspaceName = z.string().min(1).max(200);

/** Workspaces of an account, the default one first. */
export const ListWorkspaces = rpc(
  'auth.v1.rpc.workspace.list',
  z.object({
    accountId: z.uuid(),
    offset: z.int().nonnegative().default(0),
    limit: z.int().min(1).max(100).default(50),
  }),
  z.object({ workspaces: z.array(Workspace), totalCount: z.int().nonnegative() }),
);

/** `not_found` when the account has no such workspace. */
export const GetWorkspace = rpc(
  'auth.v1.rpc.workspace.get',
  z.object({ accountId: z.uuid(), workspace: WorkspaceName }),
  z.object({ workspace: Workspace }),
);

/** Changes a workspace. Every key of it changes its version, so that edges route by the new policy within a second. */
export const UpdateWorkspace = rpc(
  'auth.v1.rpc.workspace.update',
  z.object({
    accountId: z.uuid(),
    workspace: WorkspaceName,
    changes: z.object({ routing: RoutingPolicy.nullable() }).partial(),
  }),
  z.object({ workspace: Workspace }),
);

/** Whose spending a stored budget caps. A user is who made a key, by the id that the account knows the user by. */
export const BudgetOwner = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('account') }),
  z.object({ kind: z.literal('workspace'), workspace: WorkspaceName }),
  z.object({ kind: z.literal('user'), userId: z.string().min(1).max(200) }),
]);
export type BudgetOwner = z.output<typeof BudgetOwner>;

/** A budget as it is kept. `scopeId` is what the ledger counts under: the same again when a budget is deleted and set anew. */
export const Budget = z.object({
  id: z.uuid(),
  kind: z.enum(['account', 'workspace', 'user']),
  workspaceId: z.uuid().nullable(),
  userId: z.string().nullable(),
  scopeId: z.uuid(),
  interval: BudgetInterval,
  capNanos: nanos,
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
});
export type Budget = z.output<typeof Budget>;

/**
 * Sets the budget of one interval, or changes its cap. `invalid_request` unless the caps of one owner strictly decrease as the
 * interval shortens. Every key concerned changes its version, so that edges bind the new caps within a second.
 */
export const SetBudget = rpc(
  'auth.v1.rpc.budget.set',
  z.object({
    accountId: z.uuid(),
    owner: BudgetOwner,
    interval: BudgetInterval,
    capNanos: nanos,
    /** Of the workspace, for all its budgets; absent keeps what it is. */
    includeByok: z.boolean().optional(),
  }),
  z.object({ budget: Budget, includeByok: z.boolean() }),
);

/** Budgets of one owner, or of the whole account without one; the shortest interval first. */
export const ListBudgets = rpc(
  'auth.v1.rpc.budget.list',
  z.object({
    accountId: z.uuid(),
    owner: BudgetOwner.nullable().default(null),
    offset: z.int().nonnegative().default(0),
    limit: z.int().min(1).max(100).default(100),
  }),
  z.object({ budgets: z.array(Budget), totalCount: z.int().nonnegative(), includeByok: z.boolean() }),
);

/** Deletes a budget; `false` when there was none. */
export const DeleteBudget = rpc(
  'auth.v1.rpc.budget.delete',
  z.object({ accountId: z.uuid(), owner: BudgetOwner, interval: BudgetInterval }),
  z.object({ deleted: z.boolean() }),
);
