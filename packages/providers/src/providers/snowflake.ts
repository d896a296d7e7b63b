import { bearer } from '../authorize.js';
import { defineProvider } from '../provider.js';
import { CANCELLATION_SOURCE } from '../sources.js';

export const snowflake = defineProvider({
  id: 'snowflake',
  name: 'Snowflake',
  protocol: 'openai-chat',
  baseUrl: 'https://{account}.snowflakecomputing.com/api/v2/cortex/v1',
  settings: { account: { variable: 'SNOWFLAKE_ACCOUNT' } },
  authorize: bearer,
  // The list names it on neither side: without a promise the whole answer is taken as billed.
  stopsBillingOnAbort: false,
  source: CANCELLATION_SOURCE,
  documentation: { url: 'https://docs.snowflake.com/en/user-guide/snowflake-cortex/open_ai_sdk', date: '2026-11-22' },
  recordings: ['snowflake'],
});
