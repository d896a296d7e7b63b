import type { MigrationClass } from '@switchyard/database';
import { LedgerTables1763800000001 } from './1763800000001-tables.js';
import { LedgerMoney1763800000002 } from './1763800000002-money.js';
import { LedgerLeases1763800000003 } from './1763800000003-leases.js';
import { LedgerUsage1763800000004 } from './1763800000004-usage.js';
import { LedgerAudit1763800000005 } from './1763800000005-audit.js';
import { LedgerBatches1763900000010 } from './1763900000010-batches.js';
import { LedgerApplyUsage1763900000011 } from './1763900000011-apply-usage.js';
import { LedgerAuditOfCorrections1763900000012 } from './1763900000012-audit.js';
import { LedgerWaiting1763900000013 } from './1763900000013-waiting.js';
import { LedgerInsuredKeys1763900000014 } from './1763900000014-insured-keys.js';
import { LedgerActivityOfCorrections1763900000015 } from './1763900000015-activity-of-corrections.js';
import { LedgerLoans1763900000020 } from './1763900000020-loans.js';
import { LedgerRecalls1763900000021 } from './1763900000021-recalls.js';
import { LedgerPaymentTables1763900000030 } from './1763900000030-payment-tables.js';
import { LedgerCredit1763900000031 } from './1763900000031-credit.js';
import { LedgerPayments1763900000032 } from './1763900000032-payments.js';
import { LedgerTopUps1763900000033 } from './1763900000033-top-ups.js';
import { LedgerActivity1763900000040 } from './1763900000040-activity.js';
import { LedgerIdempotency1763900000041 } from './1763900000041-idempotency.js';
import { LedgerQuota1763900000050 } from './1763900000050-quota.js';
import { LedgerMonths1763900000060 } from './1763900000060-months.js';
import { LedgerMonthlyPosting1763900000061 } from './1763900000061-monthly-posting.js';
import { LedgerMonthlyBooking1763900000062 } from './1763900000062-monthly-booking.js';
import { LedgerAuditOfMonths1763900000063 } from './1763900000063-audit.js';
import { LedgerSealing1763900000064 } from './1763900000064-sealing.js';
import { LedgerLendingByMonth1763900000065 } from './1763900000065-lending-by-month.js';

export const LEDGER_SCHEMA = 'ledger';

export const migrations: readonly MigrationClass[] = [
  LedgerTables1763800000001,
  LedgerMoney1763800000002,
  LedgerLeases1763800000003,
  LedgerUsage1763800000004,
  LedgerAudit1763800000005,
  LedgerBatches1763900000010,
  LedgerApplyUsage1763900000011,
  LedgerAuditOfCorrections1763900000012,
  LedgerWaiting1763900000013,
  LedgerInsuredKeys1763900000014,
  LedgerActivityOfCorrections1763900000015,
  LedgerLoans1763900000020,
  LedgerRecalls1763900000021,
  LedgerPaymentTables1763900000030,
  LedgerCredit1763900000031,
  LedgerPayments1763900000032,
  LedgerTopUps1763900000033,
  LedgerActivity1763900000040,
  LedgerIdempotency1763900000041,
  LedgerQuota1763900000050,
  LedgerMonths1763900000060,
  LedgerMonthlyPosting1763900000061,
  LedgerMonthlyBooking1763900000062,
  LedgerAuditOfMonths1763900000063,
  LedgerSealing1763900000064,
  LedgerLendingByMonth1763900000065,
];

/** All that the service's role may execute; it may also read every table, and nothing else. */
export const ledgerFunctions: readonly string[] = [
  'clock',
  'window_start',
  'due_nanos',
  'open_account',
  'create_deposit',
  'grant_lease',
  'top_up_lease',
  'close_lease',
  'expire_lease',
  'return_credit',
  'fence_edge',
  'apply_usage',
  'defer_usage',
  'quarantine_usage',
  'resolve_quarantined',
  'record_generations',
  'utc_month',
  'generation_month',
  'transfer_month',
  'window_end',
  'open_budget',
  'open_from',
  'open_since',
  'open_coming_months',
  'seal_next_month',
  'claim_idempotency',
  'release_idempotency',
  'forget_idempotency',
  'take_free',
  'return_free',
  'ever_bought',
  'outbox_sent',
  'grant_promo',
  'expire_promo',
  'note_payment_event',
  'take_payment',
  'note_refunded',
  'note_dispute',
  'collect_payment',
  'begin_refund',
  'next_provider_refund',
  'end_provider_refund',
  'save_payer',
  'set_auto_top_up',
  'delete_auto_top_up',
  'begin_top_up',
  'end_top_up',
  'payments_audit',
];
