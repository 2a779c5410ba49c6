// What went wrong with a question or an order, in words for the person in front of the screen: what it was, whether it had
// an effect, what to do, and the id to quote.
import { readContractError } from "../../../contract/client-error.ts";

export interface Trouble {
  readonly what: string;
  readonly advice: string;
  readonly problems: readonly string[];
  /** Null when no answer came. */
  readonly requestId: string | null;
  readonly retryable: boolean;
  readonly notFound: boolean;
}

/** An answer that is none of ours. */
export class ReadFailure extends Error {
  readonly requestId: string | null;

  constructor(message: string, requestId: string | null) {
    super(message);
    this.name = "ReadFailure";
    this.requestId = requestId;
  }
}

const unanswered = {
  what: "order did not answer",
  problems: [],
  requestId: null,
  retryable: true,
  notFound: false,
} as const;

/** Of a question: asking again is always harmless. */
export function troubleOfQuestion(error: unknown): Trouble {
  const report = readContractError(error);
  if (report === undefined || (report.requestId === null && report.code === "outcome_unknown")) {
    const requestId = error instanceof ReadFailure ? error.requestId : null;
    const what = error instanceof ReadFailure ? error.message : unanswered.what;
    return { ...unanswered, what, requestId, advice: "Is the service running, and reachable from here?" };
  }
  return {
    what: report.message,
    advice: adviceFor(report.retryable, "It is asked again by itself; nothing is lost meanwhile."),
    problems: report.problems.filter((problem) => problem !== report.message),
    requestId: report.requestId,
    retryable: report.retryable,
    notFound: report.code === "not_found",
  };
}

/** Of an order that changes something: whether it did is the first thing to say. */
export function troubleOfOrder(error: unknown): Trouble {
  const report = readContractError(error);
  if (report === undefined || (report.requestId === null && report.code === "outcome_unknown")) {
    const advice = "It may have had its effect. Look at what is there now before you repeat it.";
    return { ...unanswered, advice };
  }
  const advice =
    report.outcome === "unknown"
      ? "It may have had its effect. Look at what is there now before you repeat it."
      : adviceFor(report.retryable, "Nothing was changed. Try again in a moment.");
  return {
    what: report.message,
    advice,
    problems: report.problems.filter((problem) => problem !== report.message),
    requestId: report.requestId,
    retryable: report.retryable,
    notFound: report.code === "not_found",
  };
}

function adviceFor(retryable: boolean, whenRetryable: string): string {
  return retryable ? whenRetryable : "The same again will fail again: something has to change first.";
}
