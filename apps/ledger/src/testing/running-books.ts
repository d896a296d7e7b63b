/** Books that a test file has open. */
export interface Books {
  /** The invariants that do not hold. */
  violations(): Promise<readonly { readonly invariant: string; readonly count: number }[]>;
}

const open = new Set<Books>();

/** From now on the books are audited after every test of this file; answers what ends that. */
export function auditAfterEveryTest(books: Books): () => void {
  open.add(books);
  return () => open.delete(books);
}

/** I15. @throws with the invariants that do not hold. */
export async function assertBooksAreSound(): Promise<void> {
  for (const books of open) {
    const violations = await books.violations();
    if (violations.length > 0)
      throw new Error(
        `the audit is not empty: ${violations.map((one) => `${one.invariant} (${one.count})`).join(', ')}`,
      );
  }
}
