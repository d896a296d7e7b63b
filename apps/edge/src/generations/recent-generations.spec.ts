import { GenerationRecord, UsageEvent } from '@switchyard/contracts';
import { z } from 'zod';
import { aUsageEvent } from '../testing/usage-events.js';
import { RecentGenerations } from './recent-generations.js';

const uuid = '00000000-0000-4000-8000-000000000001';
const id = 'gen-1795410206-V315nutJSzciIL0AoBSN';

const record: GenerationRecord = {
  id,
  accountId: uuid,
  workspaceId: uuid,
  keyId: uuid,
  createdAt: '2026-01-01T00:00:00.000Z',
  requestedModel: 'acme/large',
  model: 'acme/large',
  provider: 'acme',
  providerName: 'Acmé',
  endpointId: 'acme:large',
  dialect: 'chat',
  streamed: true,
  cancelled: false,
  status: 200,
  errorCode: null,
  finishReason: 'stop',
  nativeFinishReason: 'stop',
  upstreamId: null,
  attempts: [],
  candidates: [],
  boundNanos: 10n ** 18n,
  priceVersion: 'v1',
  latencyMs: 1,
  generationMs: 2,
  overheadMs: null,
  httpReferer: null,
  appTitle: null,
  userAgent: null,
  sessionId: null,
  externalUser: null,
};

const usage = aUsageEvent({ generationId: id, accountId: uuid, costPicos: 4_000n, costNanos: 4n });

const recordBytes = Buffer.from(JSON.stringify(z.encode(GenerationRecord, record)));
const usageText = JSON.stringify(z.encode(UsageEvent, usage));

describe('the recent generations of an edge', () => {
  let now = 0;
  let recent: RecentGenerations;
  beforeEach(() => {
    now = 0;
    recent = new RecentGenerations(() => now);
  });

  it('are found by their account alone, with what they cost', () => {
    recent.put(id, recordBytes, usageText);
    expect(recent.find(id, uuid)).toEqual({ generation: record, usage, chargedNanos: 4n });
    expect(recent.find(id, '00000000-0000-4000-8000-000000000002')).toBeNull();
    expect(recent.find('gen-1795410206-other', uuid)).toBeNull();
  });

  it('cost nothing where nothing was used', () => {
    recent.put(id, recordBytes, null);
    expect(recent.find(id, uuid)).toEqual({ generation: record, usage: null, chargedNanos: null });
  });

  it('are asked of the ledger again after ten minutes', () => {
    recent.put(id, recordBytes, usageText);
    now = 600_000;
    expect(recent.find(id, uuid)).not.toBeNull();
    now = 600_001;
    expect(recent.find(id, uuid)).toBeNull();
  });
});
