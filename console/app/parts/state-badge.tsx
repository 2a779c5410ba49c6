// States in a word, with a sign and a colour, and what they mean in the title.
import { letterStateWords, type LetterState } from "../../model/letter-states.ts";
import type { GroupState } from "../../model/group-state.ts";
import type { ReplayJob } from "../data/told.ts";
import { Badge, type Mood } from "./badge.tsx";

export function LetterStateBadge({ state }: { readonly state: LetterState }) {
  const { mood, about } = letterStateWords[state];
  return <Badge mood={mood} word={state} title={about} />;
}

const groupWords = {
  open: { mood: "bad", about: "some of it is open or in quarantine" },
  replaying: { mood: "warn", about: "a replay is at it" },
  ignored: { mood: "none", about: "until it comes back" },
  resolved: { mood: "ok", about: "nothing of it is open; it reopens by itself when it comes back" },
} as const satisfies Readonly<Record<GroupState, { mood: Mood; about: string }>>;

export function GroupStateBadge({ state }: { readonly state: GroupState }) {
  const { mood, about } = groupWords[state];
  return <Badge mood={mood} word={state} title={about} />;
}

const pauseWords = {
  operator: "paused",
  canary: "paused after the first",
  failures: "stopped itself",
} as const;

export function JobStateBadge({
  job,
}: {
  readonly job: Pick<ReplayJob, "state" | "pauseCause" | "endedAt" | "counts">;
}) {
  const { state, pauseCause, endedAt, counts } = job;
  switch (state) {
    case "running":
      return <Badge mood="warn" word="running" />;
    case "paused":
      return (
        <Badge
          mood={pauseCause === "failures" ? "bad" : "warn"}
          word={pauseWords[pauseCause ?? "operator"]}
        />
      );
    case "cancelled":
      return <Badge mood="none" word={endedAt === null ? "being cancelled" : "cancelled"} />;
    case "done":
      return (
        <Badge
          mood={counts.failed > 0 ? "bad" : "ok"}
          word={counts.failed > 0 ? "done, some failed" : "done"}
        />
      );
  }
}
