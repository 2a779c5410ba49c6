// A place in the store as one word that clients hand back and do not look into: base64url of `prefix/number`. Reading is
// strict, so that one place has one word and everything else is refused.

export interface Place {
  /** A topic, a partition or both, as the store names it. */
  readonly prefix: string;
  /** An offset. */
  readonly number: number;
}

export function opaquePlace({ prefix, number }: Place): string {
  return Buffer.from(`${prefix}/${number}`, "utf8").toString("base64url");
}

/** Undefined for a word that `opaquePlace` never makes. */
export function readOpaquePlace(word: string): Place | undefined {
  const text = Buffer.from(word, "base64url").toString("utf8");
  const slash = text.lastIndexOf("/");
  const place = { prefix: text.slice(0, Math.max(slash, 0)), number: Number(text.slice(slash + 1)) };
  if (place.prefix === "" || !Number.isSafeInteger(place.number) || place.number < 0) return undefined;
  // Signs, blanks, exponents, leading zeros, foreign alphabets, padding and broken UTF-8 all come out different.
  return opaquePlace(place) === word ? place : undefined;
}
