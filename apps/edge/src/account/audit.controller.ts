import { Controller, Get } from '@nestjs/common';
import { RpcClient } from '@switchyard/bus';
import { RunAudit, formatUsd } from '@switchyard/contracts';
import { Access, apiPaths } from '../http/access.js';

/** An audit reads all transfers of a large ledger. */
const AUDIT_TIMEOUT_MS = 30_000;

/** The ledger's own check, for the operator of the installation: what does not hold, and what the books sum up to. */
@Controller(apiPaths('audit'))
export class AuditController {
  constructor(private readonly rpc: RpcClient) {}

  @Get()
  @Access('operator')
  async audit() {
    const audit = await this.rpc.call(RunAudit, {}, { timeoutMs: AUDIT_TIMEOUT_MS });
    const { totals, backlog } = audit;
    return {
      data: {
        violations: audit.violations,
        open_leases: audit.openLeases,
        oldest_open_lease_ms: audit.oldestOpenLeaseMs,
        waiting_estimates: audit.waitingEstimates,
        oldest_waiting_estimate_ms: audit.oldestWaitingEstimateMs,
        bound_violations: audit.boundViolations,
        over_bound: formatUsd(audit.overBoundNanos),
        quarantined: audit.quarantined,
        backlog: backlog && {
          last_sequence: backlog.lastSequence,
          settled_sequence: backlog.settledSequence,
          waiting: backlog.waiting,
        },
        totals: {
          deposited: formatUsd(totals.depositedNanos),
          available: formatUsd(totals.availableNanos),
          leased: formatUsd(totals.leasedNanos),
          revenue: formatUsd(totals.revenueNanos),
          house_loss: formatUsd(totals.houseLossNanos),
          trial_balance: formatUsd(totals.trialBalanceNanos),
        },
      },
    };
  }
}
