// Which failures are alike: the class of the error, the stage it came from, and its message without what differs from event
// to event. Pure and total: messages hold attackers' text.
import { createHash } from "node:crypto";

export interface FailureKind {
  /** 16 hexadecimal digits; equal for alike failures. */
  readonly fingerprint: string;
  /** The message with placeholders, at most 300 characters. */
  readonly pattern: string;
}

/** No failure tells more of its kind than its beginning does. */
const maxMessageLength = 1000;
const maxPatternLength = 300;

/** One pass, linear in the text: a UUID is a word with a digit too. */
const quotedOrWord = /'[^']*'|"[^"]*"|[\p{L}\p{N}_.:/@#+-]+/gu;
const hasDigit = /\p{N}/u;

export function kindOfFailure(errorType: string, reason: string, message: string, subject = ""): FailureKind {
  const pattern = normalise(message, subject).slice(0, maxPatternLength).toWellFormed();
  const digest = createHash("sha256").update(JSON.stringify([errorType, reason, pattern]));
  return { fingerprint: digest.digest("hex").slice(0, 16), pattern };
}

/** `subject` is the failed event's own id: it varies, whatever it looks like. */
function normalise(message: string, subject: string): string {
  const beginning = message.slice(0, maxMessageLength);
  const anonymous = subject.trim() === "" ? beginning : beginning.replaceAll(subject, "<id>");
  return anonymous
    .replace(quotedOrWord, (text) => {
      if (text.startsWith("'") || text.startsWith('"')) return "<text>";
      if (!hasDigit.test(text)) return text;
      return /^\p{N}+$/u.test(text) ? "<number>" : "<id>";
    })
    .replace(/\s+/gu, " ")
    .trim();
}
