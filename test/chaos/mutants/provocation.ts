// The real runs in which mutants are provoked, by name.

export const provocations = [
  "nothing",
  "retries",
  "poison-only",
  "store-locked",
  "store-connections-cut",
  "stopped-with-unread",
  "letters-refused",
  "killed-before-letters",
  "killed-after-letters",
  "killed-after-store-commit",
  "frozen-while-deciding",
  "old-letters-replayed",
  "events-refused",
  "asked-again-after-restart",
  "saga-killed-after-save",
  "saga-killed-after-publish",
  "saga-messages-refused",
  "saga-store-locked",
  "saga-decisions-by-hand",
] as const;

export type Provocation = (typeof provocations)[number];
