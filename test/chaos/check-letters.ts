// Dead letters: of exactly the records that had to become one, with their exact bytes and their attempts; the index agrees.
import type { RunSource, TopicsRead } from "./check-run.ts";
import type { Findings } from "./findings.ts";
import type { Intent } from "./intent.ts";
import type { AttemptLine, LetterLine } from "./run-files.ts";

export async function checkLetters(
  source: RunSource,
  { bad, letters, exact }: TopicsRead,
  retryDelaysMs: readonly number[],
  findings: Findings,
): Promise<void> {
  for (const letter of letters.values()) {
    const bytes = exact.get(letter.id);
    if (bytes !== undefined) compareBytes(letter, bytes, findings);
    const intent = bad.get(letter.id)?.record.intent;
    if (intent !== undefined) checkAttempts(letter, intent, retryDelaysMs, findings);
  }
  for await (const { id, attempts } of source.read("attempts")) {
    const letter = letters.get(id);
    // A cured event has no letter.
    if (letter !== undefined && !startsWith(letter.attempts, attempts))
      findings.add("attempts", "lost attempts that it had", id);
  }
  const indexed = new Set<string>();
  for await (const { id } of source.read("indexed")) {
    if (indexed.has(id)) findings.add("dead letter", "is in the index twice", id);
    indexed.add(id);
    if (!letters.has(id)) findings.add("dead letter", "is in the index and not on the dead-letter topic", id);
  }
  for (const id of letters.keys())
    if (!indexed.has(id)) findings.add("dead letter", "is a dead letter that the index lacks", id);
}

function compareBytes({ id, exact }: LetterLine, bytes: LetterLine["exact"], findings: Findings): void {
  const differs = (what: string) =>
    findings.add("dead letter", `has another ${what} in its dead letter than on its topic`, id);
  if (exact.value !== bytes.value) differs("value");
  if (exact.key !== bytes.key) differs("key");
  if (!Bun.deepEquals(exact.headers, bytes.headers)) differs("list of headers");
}

function checkAttempts(
  { id, attempts }: LetterLine,
  intent: Intent,
  delaysMs: readonly number[],
  findings: Findings,
): void {
  const isRetried = intent.kind !== "poison" && intent.system === "A";
  const expected = isRetried ? delaysMs.length + 1 : 1;
  const numbers = attempts.map(({ attempt }) => attempt);
  if (numbers.length !== expected || numbers.some((attempt, index) => attempt !== index + 1)) {
    findings.add("attempts", `does not have the attempts 1 to ${expected}`, id);
  }
  for (const [index, delayMs] of delaysMs.entries()) {
    const [before, after] = [attempts[index], attempts[index + 1]];
    if (before !== undefined && after !== undefined && after.failedAtMs - before.failedAtMs < delayMs) {
      findings.add("attempts", "was tried again too early", id);
    }
  }
}

function startsWith(attempts: readonly AttemptLine[], earlier: readonly AttemptLine[]): boolean {
  return earlier.every(({ attempt, failedAtMs }, index) => {
    const same = attempts[index];
    return same !== undefined && same.attempt === attempt && same.failedAtMs === failedAtMs;
  });
}
