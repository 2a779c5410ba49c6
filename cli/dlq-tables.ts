// What `bun run dlq` shows people: rows of text. Texts of dead letters are other people's: nothing of them may move the cursor.
import type { OrderClient } from "../contract/client.ts";
import type { DeadLetter } from "../contract/dead-letters.ts";
import type { AuditEntry } from "../contract/audit.ts";
import type { LetterGroup, ReplayItem, ReplayJob, ReplayPreview } from "../contract/replays.ts";

// oxlint-disable-next-line no-control-regex
const controlCharacters = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

/** One line, whatever was in it. */
export function plain(text: string, maxLength = 200): string {
  const visible = text.toWellFormed().replaceAll(controlCharacters, "\ufffd");
  return visible.length > maxLength ? `${visible.slice(0, maxLength - 1)}…` : visible;
}

function table(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [column, text] of row.entries()) widths[column] = Math.max(widths[column] ?? 0, text.length);
  }
  return rows
    .map((row) =>
      row
        .map((text, column) => text.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

export function counted(letters: number): string {
  return letters === 1 ? "1 dead letter" : `${letters} dead letters`;
}

export function lettersTable(letters: readonly DeadLetter[]): string {
  if (letters.length === 0) return "No dead letter matches.";
  return table([
    ["LAST FAILURE", "STATE", "REPLAYS", "ID", "ORDER", "ERROR"],
    ...letters.map(({ lastFailureAt, state, replays, id, orderId, errorMessage }) => [
      lastFailureAt,
      state,
      String(replays),
      id,
      plain(orderId ?? "", 40),
      plain(errorMessage, 100),
    ]),
  ]);
}

export function groupsTable(groups: readonly LetterGroup[]): string {
  if (groups.length === 0) return "Nothing has failed.";
  return table([
    ["FINGERPRINT", "OPEN", "ALL", "LAST SEEN", "REASON", "FAILURE"],
    ...groups.map(({ fingerprint, byState, total, lastSeenAt, reason, pattern, ignored }) => [
      fingerprint,
      String(byState.open ?? 0),
      String(total),
      lastSeenAt,
      plain(reason, 40),
      `${ignored ? "(ignored) " : ""}${plain(pattern, 100)}`,
    ]),
  ]);
}

export function jobsTable(jobs: readonly ReplayJob[]): string {
  if (jobs.length === 0) return "Nothing was replayed yet.";
  return table([
    ["ID", "STATE", "TOTAL", "LEFT", "FAILED", "STARTED", "NAME"],
    ...jobs.map(({ id, state, pauseCause, total, left, counts, createdAt, name }) => [
      id,
      pauseCause === null ? state : `${state} (${pauseCause})`,
      String(total),
      String(left),
      String(counts.failed),
      createdAt,
      plain(name, 60),
    ]),
  ]);
}

export function itemsTable(items: readonly ReplayItem[]): string {
  if (items.length === 0) return "No letter of this replay is in that state.";
  return table([
    ["NUMBER", "STATE", "SETTLED", "DEAD LETTER", "WHY"],
    ...items.map(({ number, state, settledAt, deadLetterId, failure }) => [
      String(number),
      state,
      settledAt ?? "",
      deadLetterId,
      failure === null ? "" : plain(`${failure.reason}: ${failure.errorMessage}`, 120),
    ]),
  ]);
}

export function auditTable(entries: readonly AuditEntry[]): string {
  if (entries.length === 0) return "Nothing was ordered yet.";
  return table([
    ["AT", "ACTION", "ACTOR", "ABOUT", "REASON", "RESULT"],
    ...entries.map(({ at, action, actor, target, reason, result }) => [
      at,
      action,
      plain(actor, 40),
      plain(
        Object.entries(target)
          .map(([name, value]) => `${name}=${value}`)
          .join(" "),
        120,
      ),
      plain(reason, 80),
      plain(result ?? "", 120),
    ]),
  ]);
}

export function previewText({ total, examined, counts, leftOut, failures }: ReplayPreview): string {
  const lines = [
    `${counted(total)} would be replayed${examined < total ? `; the first ${examined} were looked at` : ""}:`,
    `  ${counts.would_apply} would be applied`,
    `  ${counts.already_applied} had their effect before`,
    `  ${counts.stale} are older than what was applied since`,
    `  ${counts.would_fail} would fail again`,
    ...failures.map(
      ({ count, errorType, pattern }) => `    ${count} × ${plain(errorType, 40)}: ${plain(pattern, 120)}`,
    ),
    `  ${counts.not_replayable} cannot be replayed`,
  ];
  const others = Object.entries(leftOut).map(([state, count]) => `${count} ${state}`);
  return [...lines, ...(others.length > 0 ? [`Left out: ${others.join(", ")}.`] : [])].join("\n");
}

export function accountText({ counts, total, left }: ReplayJob): string {
  const { applied, already_applied: again, stale, failed, skipped } = counts;
  return `${applied} applied, ${again} already applied, ${stale} stale, ${failed} failed again, ${skipped} skipped, ${left} left of ${total}`;
}

export function letterText(letter: Awaited<ReturnType<OrderClient["dlq"]["get"]["query"]>>): string {
  const { value, headers, failures, ...row } = letter;
  const head = Object.entries(row).map(([name, told]) => [name, plain(JSON.stringify(told) ?? "", 300)]);
  const event = value.kind === "decoded" ? JSON.stringify(value.event, undefined, 2) : JSON.stringify(value);
  return [
    table(head),
    ...headers.map(({ name, text, base64 }) => `header ${plain(name)}: ${plain(text ?? base64 ?? "null")}`),
    ...failures.map(
      ({ attempt, failedAt, errorMessage }) => `attempt ${attempt} ${failedAt} ${plain(errorMessage)}`,
    ),
    ...event.split("\n").map((line) => plain(line, 500)),
  ].join("\n");
}
