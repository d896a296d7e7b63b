import { jest } from '@jest/globals';

// Property tests and real processes share two busy cores in CI; a limit is for what hangs, not for what is slow.
jest.setTimeout(60_000);
