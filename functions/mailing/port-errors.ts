/** What can go wrong outside, one class for each thing that a caller does differently. */

/** There is nothing under this name. */
export class ObjectMissingError extends Error {
  readonly code = 'ERR_OBJECT_MISSING';
  readonly object: string;
  constructor(object: string, options?: ErrorOptions) {
    super(`Cannot read ${JSON.stringify(object)}: there is no such object`, options);
    this.name = 'ObjectMissingError';
    this.object = object;
  }
}

/** A name that no object may have. */
export class ObjectNameError extends Error {
  readonly code = 'ERR_OBJECT_NAME';
  readonly object: string;
  /** Such as `".." as a segment`. */
  readonly problem: string;
  constructor(object: string, problem: string) {
    super(
      `Cannot use ${JSON.stringify(object)} as an object's name: found ${problem}, want a relative path as "a/b.txt"`,
    );
    this.name = 'ObjectNameError';
    this.object = object;
    this.problem = problem;
  }
}

/** The store failed: no space, no permission, a broken disk. The object is as it was before. */
export class ObjectStoreError extends Error {
  readonly code = 'ERR_OBJECT_STORE';
  readonly object: string;
  /** @param action a verb: `write` */
  constructor(action: string, object: string, problem: string, options?: ErrorOptions) {
    super(`Cannot ${action} ${JSON.stringify(object)}: ${problem}`, options);
    this.name = 'ObjectStoreError';
    this.object = object;
  }
}

/** The ledger's store failed: no space, no permission, a broken disk, a lock held too long. Nothing was written. */
export class LedgerError extends Error {
  readonly code = 'ERR_LEDGER';
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'LedgerError';
  }
}

/** The caller asked for what the delivery protocol does not allow. Nothing was written. */
export class IllegalMoveError extends Error {
  readonly code = 'ERR_ILLEGAL_MOVE';
  /** @param action as in `settle recipient 3 of batch 1` */
  constructor(action: string, problem: string) {
    super(`Cannot ${action}: ${problem}`);
    this.name = 'IllegalMoveError';
  }
}

/** The batch was claimed or changed by another. What was not committed is its business now. */
export class FenceLostError extends Error {
  readonly code = 'ERR_FENCE_LOST';
  readonly run: string;
  readonly batch: number;
  constructor(run: string, batch: number) {
    super(`Cannot commit batch ${batch} of run ${JSON.stringify(run)}: it was claimed or changed by another since`);
    this.name = 'FenceLostError';
    this.run = run;
    this.batch = batch;
  }
}
