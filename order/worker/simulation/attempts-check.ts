// Whether a failed attempt is one that had to be made: at its time, counted on from the ones before, for a cause of its own.
import type { FailedAttempt } from "../../domain/dead-letter.ts";
import type { ParkedRecord } from "../../store/parked-records.ts";
import type { OrderFold } from "./order-fold.ts";
import type { Produced } from "./topics.ts";
import { Violation } from "./violation.ts";

export const simulatedFailureMessage = "Simulated processing failure";
export const invalidMessage = "A field breaks a rule.";
export const badDeployMessage = "bad deploy";

const systemADelaysMs = [1000, 2000, 4000];
const systemBDelaysMs = [2000, 5000, 10_000];

/** The waits that the record's failure asks for. */
function delaysOf({ text }: Produced, message: string): readonly number[] {
  if (text === null) return [];
  if (text.event.eventType !== "OrderEvent") return systemADelaysMs;
  return [simulatedFailureMessage, badDeployMessage].includes(message) ? systemBDelaysMs : [];
}

function isCauseReal(
  { text, record }: Produced,
  { errorMessage: message, failedAtMs }: FailedAttempt,
  orders: OrderFold,
): boolean {
  if (text === null) return message === "Not an event.";
  if (message === badDeployMessage) return true;
  if (record.key?.toString().startsWith("TEST-FAIL") === true) return message === simulatedFailureMessage;
  if (text.isInvalid) return message === invalidMessage;
  const { event } = text;
  if (/already exists/.test(message)) {
    const isRepeat = orders.isCreatedBy(event.orderId, text.eventId);
    return event.kind === "create" && orders.has(event.orderId) && !isRepeat;
  }
  // Another instance may have created the order since it was looked up.
  const wasAbsent = (orders.createdAtMs(event.orderId) ?? failedAtMs) >= failedAtMs;
  return /not found|does not exist/.test(message) && event.kind === "status" && wasAbsent;
}

/** @throws Violation */
export function checkFailure(
  produced: Produced,
  before: ParkedRecord | undefined,
  after: Pick<ParkedRecord, "state" | "attempts" | "dueAtMs" | "death">,
  orders: OrderFold,
): void {
  const place = `${produced.source} ${produced.record.offset}`;
  const earlier = before?.attempts ?? [];
  const last = after.attempts.at(-1);
  if (last === undefined) throw new Violation(`${place} failed without an attempt`);
  if (after.death?.reason === "operator_request") return;
  if (!Bun.deepEquals(after.attempts.slice(0, -1), [...earlier]) || last.attempt !== after.attempts.length) {
    throw new Violation(
      `${place} does not count its attempts on: ${numbers(earlier)} became ${numbers(after.attempts)}`,
    );
  }
  if (before !== undefined) requireDue(produced, before, last.failedAtMs);
  if (!isCauseReal(produced, last, orders)) {
    throw new Violation(`${place} burnt an attempt for "${last.errorMessage}"`);
  }
  const delayMs = delaysOf(produced, last.errorMessage)[last.attempt - 1];
  if (after.state === "dead" && delayMs !== undefined)
    throw new Violation(`${place} died after ${numbers(after.attempts)}`);
  if (after.state === "waiting" && after.dueAtMs !== last.failedAtMs + (delayMs ?? Number.NaN)) {
    throw new Violation(
      `${place} waits until ${after.dueAtMs} after ${numbers(after.attempts)} at ${last.failedAtMs}`,
    );
  }
}

/** @throws Violation */
export function requireDue(
  { source, record }: Produced,
  { state, dueAtMs }: ParkedRecord,
  atMs: number,
): void {
  if (state !== "waiting" || atMs >= (dueAtMs ?? 0)) return;
  throw new Violation(`${source} ${record.offset} was tried ${(dueAtMs ?? 0) - atMs} ms too early`);
}

function numbers(attempts: readonly FailedAttempt[]): string {
  return `attempts ${attempts.map(({ attempt }) => attempt).join(", ") || "none"}`;
}
