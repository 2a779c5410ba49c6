// One word with a sign and a colour, in that order of weight.
import { Icon, type IconName } from "./icon.tsx";

export type Mood = "ok" | "warn" | "bad" | "none";

const signs: Readonly<Record<Mood, IconName | undefined>> = {
  ok: "up",
  warn: "clock",
  bad: "alert",
  none: undefined,
};

export function Badge({
  mood,
  word,
  title,
}: {
  readonly mood: Mood;
  readonly word: string;
  readonly title?: string;
}) {
  const sign = signs[mood];
  return (
    <span className={`badge ${mood}`} title={title}>
      {sign !== undefined && <Icon name={sign} />}
      {word}
    </span>
  );
}

const categoryWords = {
  NO_RETRY_DLQ: ["final", "NO_RETRY_DLQ: failed for good at its first attempt"],
  RETRY_THEN_DLQ: ["retried", "RETRY_THEN_DLQ: every retry failed"],
  RETRY_FOREVER: ["ordered", "RETRY_FOREVER: would have been retried for ever"],
} as const;

export function CategoryBadge({ category }: { readonly category: keyof typeof categoryWords }) {
  const [, title] = categoryWords[category];
  return <Badge mood="none" word={category} title={title} />;
}
