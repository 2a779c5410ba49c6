// Where the console's screens are: path to screen and back. The server asks the same function, so that a path that no
// screen has is a 404 with the frame around it and never a lie with 200.

export const consoleBase = "/console";

export type Place =
  | {
      readonly screen:
        | "overview"
        | "failures"
        | "messages"
        | "replays"
        | "waiting"
        | "orders"
        | "sagas"
        | "live"
        | "audit";
    }
  | { readonly screen: "new-replay" }
  | { readonly screen: "replay"; readonly id: string }
  | { readonly screen: "message"; readonly id: string };

export type Screen = Place["screen"];

/** In the order of the navigation. A screen that is not here has no door. */
export const doors = [
  { screen: "overview", title: "Overview", path: "", key: "o", about: "what is up, what is waited for" },
  {
    screen: "failures",
    title: "Failures",
    path: "/failures",
    key: "f",
    about: "what failed alike, and what to do about it",
  },
  { screen: "messages", title: "Messages", path: "/messages", key: "m", about: "dead letters, one by one" },
  {
    screen: "replays",
    title: "Replays",
    path: "/replays",
    key: "p",
    about: "what was sent through again, and how it ended",
  },
  { screen: "waiting", title: "Waiting", path: "/waiting", key: "w", about: "events between two attempts" },
  { screen: "orders", title: "Orders", path: "/orders", key: "r", about: "what order knows of an order" },
  { screen: "sagas", title: "Sagas", path: "/sagas", key: "s", about: "what payment and stock decided" },
  { screen: "live", title: "Live", path: "/live", key: "l", about: "records, partitions and schemas now" },
  { screen: "audit", title: "Audit", path: "/audit", key: "a", about: "who ordered what, and why" },
] as const satisfies readonly {
  readonly screen: Screen;
  readonly title: string;
  readonly path: string;
  /** Follows `g`. */
  readonly key: string;
  readonly about: string;
}[];

const newReplayPath = "/replays/new";

/** Undefined for a path that no screen has. */
export function readPlace(pathname: string): Place | undefined {
  if (pathname !== consoleBase && !pathname.startsWith(`${consoleBase}/`)) return undefined;
  const path = pathname.slice(consoleBase.length).replace(/\/$/, "");
  const door = doors.find((door) => door.path === path);
  if (door !== undefined) return { screen: door.screen };
  if (path === newReplayPath) return { screen: "new-replay" };
  const job = /^\/replays\/([0-9a-f-]{36})$/.exec(path)?.[1];
  if (job !== undefined) return { screen: "replay", id: job };
  const message = /^\/messages\/([^/]+\/[^/]+\/[^/]+)$/.exec(path)?.[1];
  const id = message === undefined ? undefined : decoded(message);
  return id === undefined ? undefined : { screen: "message", id };
}

export function pathOf(place: Place): string {
  if (place.screen === "message") {
    return `${consoleBase}/messages/${place.id.split("/").map(encodeURIComponent).join("/")}`;
  }
  if (place.screen === "replay") return `${consoleBase}/replays/${place.id}`;
  if (place.screen === "new-replay") return consoleBase + newReplayPath;
  return consoleBase + (doors.find(({ screen }) => screen === place.screen)?.path ?? "");
}

/** The one of an order, found by its id. */
export function orderPath(orderId: string): string {
  return `${pathOf({ screen: "orders" })}?${new URLSearchParams({ id: orderId }).toString()}`;
}

/** One of system C's orders. */
export function sagaPath(orderId: number): string {
  return `${pathOf({ screen: "sagas" })}?id=${orderId}`;
}

/** Messages narrowed down to a search. */
export function searchPath(search: string): string {
  return `${pathOf({ screen: "messages" })}?${new URLSearchParams({ q: search }).toString()}`;
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
