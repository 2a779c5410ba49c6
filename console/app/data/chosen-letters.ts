// Messages that were chosen by hand and are too many for an address. This tab keeps them, also over a reload.
import { mostIdsInAddress, type ReplayTarget } from "../../model/replay-address.ts";

const prefix = "orderwire.chosen.";
const kept = new Map<string, readonly string[]>();

export function targetOfIds(ids: readonly string[]): ReplayTarget {
  if (ids.length <= mostIdsInAddress) return { kind: "ids", ids };
  const key = crypto.getRandomValues(new Uint32Array(2)).join("-");
  kept.set(key, ids);
  try {
    sessionStorage.setItem(prefix + key, JSON.stringify(ids));
  } catch {
    // Full, or forbidden: it holds for this page.
  }
  return { kind: "kept", key };
}

/** Undefined when another tab, or an earlier one, has chosen them. */
export function keptIds(key: string): readonly string[] | undefined {
  const known = kept.get(key);
  if (known !== undefined) return known;
  try {
    const read: unknown = JSON.parse(sessionStorage.getItem(prefix + key) ?? "null");
    return Array.isArray(read) && read.every((id) => typeof id === "string") ? read : undefined;
  } catch {
    return undefined;
  }
}
