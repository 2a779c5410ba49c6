// What went wrong, in the words of the system that the event belongs to: system A calls its failures ValueError.
import type { EventType, Rejection } from "../domain/order.ts";
import type { Failure } from "../domain/verdict.ts";
import { eventTypeOf, type NoEvent } from "./record-reader.ts";

export function failureOfReading({ kind, reason, message, decoded }: NoEvent): Failure {
  const eventType = decoded === null ? null : eventTypeOf(decoded);
  return {
    kind,
    reason,
    errorType: errorTypeOf(eventType, kind === "invalid" ? "InvalidEvent" : "DecodeError"),
    message,
  };
}

export function failureOfRejection({ reason, message }: Rejection, eventType: EventType): Failure {
  const own = reason === "duplicate_create" ? "DuplicateOrder" : "UnknownOrder";
  return { kind: "rejected", reason, errorType: errorTypeOf(eventType, own), message };
}

export function simulatedFailure(eventType: EventType | null): Failure {
  const errorType = errorTypeOf(eventType, "SimulatedFailure");
  return {
    kind: "processing",
    reason: "simulated_failure",
    errorType,
    message: "Simulated processing failure",
  };
}

/** Whatever was thrown: not always an Error, and its text may be somebody's input. */
export function surpriseFailure(thrown: unknown, eventType: EventType | null): Failure {
  const name = thrown instanceof Error ? thrown.name : typeof thrown;
  const message = thrown instanceof Error && thrown.message !== "" ? thrown.message : describe(thrown);
  return { kind: "processing", reason: "processing_error", errorType: errorTypeOf(eventType, name), message };
}

function describe(thrown: unknown): string {
  try {
    return `${String(thrown)} was thrown`;
  } catch {
    return "Something that has no text was thrown";
  }
}

function errorTypeOf(eventType: EventType | null, own: string): string {
  return eventType === "Order" || eventType === "OrderStatusUpdate" ? "ValueError" : own;
}
