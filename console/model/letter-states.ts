// What became of a dead letter, in a word.
import type { DeadLetter } from "../../contract/dead-letters.ts";

export type LetterState = DeadLetter["state"];

export const letterStateWords = {
  open: { mood: "bad", about: "failed, and nothing was done about it since" },
  replaying: { mood: "warn", about: "in a replay that has no outcome of it yet" },
  resolved: { mood: "ok", about: "had its effect, or needs none any more" },
  discarded: { mood: "none", about: "nobody has to look at it; it can be restored" },
  quarantined: {
    mood: "bad",
    about: "failed again in every replay it was allowed: replayed only when told to",
  },
  superseded: { mood: "none", about: "an edited event in its place had its effect" },
} as const satisfies Readonly<Record<LetterState, unknown>>;

export const letterStates = [
  "open",
  "replaying",
  "quarantined",
  "resolved",
  "superseded",
  "discarded",
] as const satisfies readonly LetterState[];
