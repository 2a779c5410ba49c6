/**
 * The store is away, busy or full: nothing is known to be wrong with what was asked, and asking again later can
 * succeed. What it interrupted may or may not have been written (see `OrderStore.save`).
 */
export class StoreUnavailable extends Error {
  override readonly name = "StoreUnavailable";

  /** @param cause the driver's own error, for the log; never for a client. */
  constructor(message: string, cause?: unknown) {
    super(message, { cause });
  }
}
