// A place among the changes, `tx.seq`, as text that clients may hand back.
import type { ChangePlace } from "./order-changes.ts";

export function placeOf({ tx, seq }: { readonly tx: number; readonly seq: number }): ChangePlace {
  return `${tx}.${seq}`;
}

/** Undefined for a word that is no place. */
export function readPlaceWord(word: string): ChangePlace | undefined {
  return /^(0|[1-9][0-9]{0,14})\.(0|[1-9][0-9]{0,14})$/.test(word) ? word : undefined;
}

/** Anything that is no place is before the first. */
export function numbersOf(place: ChangePlace): readonly [tx: number, seq: number] {
  const [tx = "0", seq = "0"] = readPlaceWord(place)?.split(".") ?? [];
  return [Number(tx), Number(seq)];
}

export function isPlaceAfter(place: ChangePlace, other: ChangePlace): boolean {
  const [tx, seq] = numbersOf(place);
  const [otherTx, otherSeq] = numbersOf(other);
  return tx > otherTx || (tx === otherTx && seq > otherSeq);
}
