import { bearer } from '../authorize.js';
import { defineProvider } from '../provider.js';
import { CANCELLATION_SOURCE } from '../sources.js';

/** Models of a workspace on AWS; DATABRICKS_BASE_URL takes any other (`https://adb-1.2.azuredatabricks.net/serving-endpoints`). */
export const databricks = defineProvider({
  id: 'databricks',
  name: 'Databricks',
  protocol: 'openai-chat',
  baseUrl: 'https://{workspace}.cloud.databricks.com/serving-endpoints',
  settings: { workspace: { variable: 'DATABRICKS_WORKSPACE' } },
  authorize: bearer,
  // The list names it on neither side: without a promise the whole answer is taken as billed.
  stopsBillingOnAbort: false,
  source: CANCELLATION_SOURCE,
  documentation: {
    url: 'https://docs.databricks.com/aws/en/machine-learning/foundation-model-apis/api-reference',
    date: '2026-11-22',
  },
  recordings: ['databricks'],
});
