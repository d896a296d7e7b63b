import { assertBooksAreSound } from './running-books.js';

// I15: the audit view is empty after every test in the suite. Set up for every spec of the ledger by its Jest configuration.
afterEach(assertBooksAreSound);
