// Which colour an environment has, so that nobody takes production for a test. The name is always beside it.

export const tones = ["red", "amber", "green", "blue", "violet", "teal"] as const;
export type Tone = (typeof tones)[number];

/** The same name has the same colour everywhere. */
export function toneOf(environment: string): Tone {
  const name = environment.toLowerCase();
  if (/prod|live/.test(name) && !/non-?prod|pre-?prod/.test(name)) return "red";
  if (/stag|pre-?prod|uat/.test(name)) return "amber";
  if (/local|127\.0\.0\.1|\[?::1|dev/.test(name)) return "green";
  const sum = Array.from(name).reduce(
    (sum, character) => (sum * 31 + (character.codePointAt(0) ?? 0)) >>> 0,
    7,
  );
  return (["blue", "violet", "teal"] as const)[sum % 3] ?? "blue";
}
