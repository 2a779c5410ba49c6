// A scope as a condition on the index: which letters a script is about.
import { isAboutFate, toConditions } from "../../store/dead-letter-row.ts";
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
      const { column, test, value } = condition;
      const isOfFate = isAboutFate(condition) || column === "last_failed_at_ms" || column === "dlq_topic";
      const name = `${isOfFate ? "letter_fates" : "dead_letters"}.${column}`;
      const own = isOfFate ? clauses : ofLetters;
      if (test === "contains") own.push(dialect.contains(name, next(value)));
      else if (test === "equals") own.push(`${name} = ${next(value)}`);
      else if (test === "one of") own.push(dialect.isOneOf(name, next(value)));
      else own.push(`${name} ${test === "below" ? "<" : ">="} cast(${next(value)} as bigint)`);
    }
  }
  if (ofLetters.length > 0) {
    clauses.push(`letter_fates.id in (select id from dead_letters where ${ofLetters.join(" and ")})`);
  }
  return { text: clauses.join(" and "), values };
}
