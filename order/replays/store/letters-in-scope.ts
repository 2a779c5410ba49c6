// A scope as a condition on the index: which letters a script is about.
import { toConditions } from "../../store/dead-letter-row.ts";
import { toKeyText } from "../../store/key-text.ts";
import type { Dialect } from "../../store/sql-script.ts";
import type { LetterState } from "../domain/replay.ts";
import type { LetterScope } from "./replay-store.ts";

export interface Condition {
  readonly text: string;
  /** The parameters that the text names, after those that were there before. */
  readonly values: readonly (string | number)[];
}

/** `before`: how many parameters the statement has already. */
export function lettersInScope(
  dialect: Dialect,
  scope: LetterScope,
  states: readonly LetterState[] | undefined,
  before: number,
): Condition {
  const values: (string | number)[] = [];
  const clauses: string[] = [];
  const next = (value: string | number) => {
    values.push(value);
    return `$${before + values.length}`;
  };
  if (states !== undefined) {
    clauses.push(`dead_letters.state in (${states.map((state) => next(state)).join(", ")})`);
  }
  if (scope.kind === "ids") {
    const ids = JSON.stringify(scope.ids.map((id) => ({ wanted: toKeyText(id) })));
    clauses.push(`id in (select wanted from ${dialect.recordsOf(next(ids), { wanted: "text" })})`);
  } else {
    for (const { column, test, value } of toConditions(scope.filter)) {
      const name = `dead_letters.${column}`;
      if (test === "contains") clauses.push(dialect.contains(name, next(value)));
      else if (test === "equals") clauses.push(`${name} = ${next(value)}`);
      else clauses.push(`${name} ${test === "below" ? "<" : ">="} cast(${next(value)} as bigint)`);
    }
  }
  return { text: clauses.length === 0 ? "true" : clauses.join(" and "), values };
}
