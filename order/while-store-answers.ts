// The store being away is an answer, not a surprise: every view says it alike.
import type { ContractFailure, ErrorCode } from "../contract/errors.ts";
import { failed, type Result } from "../contract/result.ts";
import { StoreUnavailable } from "./store/store-unavailable.ts";

export function whileStoreAnswers<Value>(
  read: () => Promise<Result<Value, ContractFailure>>,
): Promise<Result<Value, ContractFailure>> {
  return orElse("unavailable", read);
}

/** A write that was interrupted may have been written: its failure says that the outcome is unknown. */
export function whileStoreWrites<Value>(
  write: () => Promise<Result<Value, ContractFailure>>,
): Promise<Result<Value, ContractFailure>> {
  return orElse("outcome_unknown", write);
}

async function orElse<Value>(
  code: ErrorCode,
  work: () => Promise<Result<Value, ContractFailure>>,
): Promise<Result<Value, ContractFailure>> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof StoreUnavailable)) throw error;
    return failed({ code, message: "The order store cannot be reached.", retryAfterSeconds: 2 });
  }
}
