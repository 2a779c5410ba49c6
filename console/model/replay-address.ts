// What a new replay is about, in its address: a search as Messages has it, or messages by their ids.
import { pathOf } from "./screens.ts";

export type ReplayTarget =
  | { readonly kind: "search"; readonly typed: string }
  | { readonly kind: "ids"; readonly ids: readonly string[] }
  /** More ids than an address takes: this tab remembers them by a key. */
  | { readonly kind: "kept"; readonly key: string };

interface Wishes {
  /** How many go first. */
  readonly canary?: number;
  readonly name?: string;
  readonly force?: boolean;
}

/** Of ids in an address. */
export const mostIdsInAddress = 40;

export function newReplayHref(target: ReplayTarget, { canary, name, force = false }: Wishes = {}): string {
  const query = new URLSearchParams();
  if (target.kind === "search") query.set("q", target.typed);
  if (target.kind === "ids") for (const id of target.ids) query.append("id", id);
  if (target.kind === "kept") query.set("chosen", target.key);
  if (canary !== undefined) query.set("canary", String(canary));
  if (name !== undefined) query.set("name", name.slice(0, 100));
  if (force) query.set("force", "yes");
  return `${pathOf({ screen: "new-replay" })}?${query.toString()}`;
}

export interface AskedReplay extends Wishes {
  readonly target: ReplayTarget;
}

export function readNewReplay(query: URLSearchParams): AskedReplay {
  const canary = Number(query.get("canary") ?? "");
  const name = query.get("name");
  return {
    target: targetIn(query),
    ...(Number.isSafeInteger(canary) && canary > 0 ? { canary } : {}),
    ...(name === null ? {} : { name }),
    force: query.get("force") === "yes",
  };
}

function targetIn(query: URLSearchParams): ReplayTarget {
  const ids = query.getAll("id");
  if (ids.length > 0) return { kind: "ids", ids };
  const key = query.get("chosen");
  return key === null ? { kind: "search", typed: query.get("q") ?? "" } : { kind: "kept", key };
}
