// A scope as a condition on the index: which letters a script is about.
import { type DeadLetterCondition, isAboutFate, toConditions } from "../../store/dead-letter-row.ts";
import { toKeyText } from "../../store/key-text.ts";
import type { Dialect } from "../../store/sql-script.ts";
import type { LetterState } from "../domain/replay.ts";
import type { LetterScope } from "./replay-store.ts";

export interface Condition {
  readonly text: string;
  /** The parameters that the text names, after those that were there before. */
  readonly values: readonly (string | number)[];
}

/** On `letter_fates`. `before`: how many parameters the statement has already. */
export function lettersInScope(
  dialect: Dialect,
  scope: LetterScope,
  states: readonly LetterState[] | undefined,
  before: number,
): Condition {
  const values: (string | number)[] = [];
  const clauses = ["letter_fates.dlq_partition >= 0"];
  const ofLetters: string[] = [];
  let table = "dead_letters";
  const next = (value: string | number) => {
    values.push(value);
    return `$${before + values.length}`;
  };
  if (states !== undefined) {
    // For named letters their ids are the way to them, and never their state: see `openAgain` in create-replay-store.ts.
    const column = scope.kind === "ids" ? "coalesce(letter_fates.state, '')" : "letter_fates.state";
    clauses.push(`${column} in (${states.map((state) => next(state)).join(", ")})`);
  }
  if (scope.kind === "ids") {
    const ids = JSON.stringify(scope.ids.map((id) => ({ wanted: toKeyText(id) })));
    clauses.push(
      `letter_fates.id in (select wanted from ${dialect.recordsOf(next(ids), { wanted: "text" })})`,
    );
  } else {
    for (const condition of toConditions(scope.filter)) {
      const { column } = condition;
      const isOfFate = isAboutFate(condition) || column === "last_failed_at_ms" || column === "dlq_topic";
      (isOfFate ? clauses : ofLetters).push(
        conditionText(dialect, condition, isOfFate ? "letter_fates" : "dead_letters", next),
      );
      if (column === "document") table = dialect.letters;
    }
  }
  if (ofLetters.length > 0) {
    clauses.push(
      `letter_fates.id in (select dead_letters.id from ${table} where ${ofLetters.join(" and ")})`,
    );
  }
  return { text: clauses.join(" and "), values };
}

/** `next` gives a value the name of its parameter. */
export function conditionText(
  dialect: Dialect,
  { column, test, value }: DeadLetterCondition,
  table: "letter_fates" | "dead_letters",
  next: (value: string | number) => string,
): string {
  const name = `${column === "document" ? dialect.bodies : table}.${column}`;
  switch (test) {
    case "contains":
      return dialect.contains(name, next(value));
    case "equals":
      return `${name} = ${next(value)}`;
    case "one of":
      return dialect.isOneOf(name, next(value));
    case "below":
      return `${name} < cast(${next(value)} as bigint)`;
    case "at least":
      return `${name} >= cast(${next(value)} as bigint)`;
  }
}
