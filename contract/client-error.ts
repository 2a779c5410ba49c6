// What went wrong with a call, read from whatever the client threw.
import { TRPCClientError } from "@trpc/client";
import { z } from "zod";
import { isErrorCode, type ErrorCode, type Outcome } from "./errors.ts";

export interface ContractErrorReport {
  readonly code: ErrorCode;
  /** Whether the same call can succeed later; with `outcome: "unknown"` repeat it with the same Idempotency-Key. */
  readonly retryable: boolean;
  readonly outcome: Outcome;
  /** One or two sentences for people. */
  readonly message: string;
  /** One line for each problem of the input. */
  readonly problems: readonly string[];
  readonly retryAfterSeconds?: number;
  /** Quote it when you ask for help; null when no answer came. */
  readonly requestId: string | null;
}

const dataSchema = z.object({
  code: z.custom<ErrorCode>(isErrorCode),
  retryable: z.boolean(),
  outcome: z.enum(["none", "unknown"]),
  problems: z.array(z.string()),
  retryAfterSeconds: z.number().optional(),
  requestId: z.string().nullable(),
});

/**
 * Undefined when `error` did not come from a contract client. A call whose answer never came, or was not one of ours
 * (a proxy's page), is `outcome_unknown`: it may have arrived.
 */
export function readContractError(error: unknown): ContractErrorReport | undefined {
  if (!(error instanceof TRPCClientError)) return undefined;
  const data = dataSchema.safeParse(error.data);
  if (!data.success) {
    return {
      code: "outcome_unknown",
      retryable: true,
      outcome: "unknown",
      message: `No usable answer: ${error.message}`,
      problems: [],
      requestId: null,
    };
  }
  const { retryAfterSeconds, ...told } = data.data;
  const report = { ...told, message: error.message };
  return retryAfterSeconds === undefined ? report : { ...report, retryAfterSeconds };
}
