// Who may do what: three roles, each with everything of the one before it, and the least role of every procedure in one table. A
// procedure that is not in the table does not compile, and a test counts the routers' own names against it.
import type { ContractFailure } from "./errors.ts";
import type { CartProcedures, OrderProcedures, OrderStreams } from "./procedures.ts";

/** From least to most. */
export const roles = ["viewer", "operator", "admin"] as const;
export type Role = (typeof roles)[number];

export function isRole(value: unknown): value is Role {
  return roles.some((role) => role === value);
}

/** Whose key a request came with. */
export interface Caller {
  /** Of the key; what the audit says of who it was. */
  readonly name: string;
  readonly role: Role;
}

/** Streams have names of their own in the routers, and the rights of what they tell. */
export type Operation =
  | keyof CartProcedures
  | keyof OrderProcedures
  | keyof OrderStreams
  | "dlq.watch"
  | "replays.watch";

/**
 * A viewer reads everything and changes nothing. An operator gives every order that can be taken back or repeated. What loses
 * records for good, or writes an event that nobody sent, is an admin's.
 */
export const leastRoles = {
  "orders.create": "operator",
  "orders.updateStatus": "operator",
  "orders.details": "viewer",
  "orders.list": "viewer",
  "orders.idsFromTopic": "viewer",
  "dlq.list": "viewer",
  "dlq.get": "viewer",
  "dlq.stats": "viewer",
  "dlq.info": "viewer",
  "dlq.count": "viewer",
  "dlq.counts": "viewer",
  "dlq.groups": "viewer",
  "dlq.watch": "viewer",
  "dlq.annotate": "operator",
  "dlq.discard": "operator",
  "dlq.restore": "operator",
  "parked.list": "viewer",
  "parked.retryNow": "operator",
  "parked.deadLetterNow": "operator",
  "partitions.skip": "admin",
  "replays.preview": "viewer",
  "replays.start": "operator",
  "replays.startEdited": "admin",
  "replays.checkEdited": "viewer",
  "replays.get": "viewer",
  "replays.watch": "viewer",
  "replays.list": "viewer",
  "replays.items": "viewer",
  "replays.timeline": "viewer",
  "replays.pause": "operator",
  "replays.resume": "operator",
  "replays.cancel": "operator",
  "replays.setRate": "operator",
  "audit.list": "viewer",
  "sagas.place": "operator",
  "sagas.list": "viewer",
  "sagas.order": "viewer",
  "sagas.get": "viewer",
  "sagas.stats": "viewer",
  "sagas.pending": "viewer",
  "catalog.list": "viewer",
  "live.events": "viewer",
  "orders.watch": "viewer",
  "stats.now": "viewer",
  "stats.history": "viewer",
  "topics.list": "viewer",
  "topics.partitions": "viewer",
  "topics.tail": "viewer",
  "schemas.list": "viewer",
  "schemas.get": "viewer",
  "settings.effective": "viewer",
} as const satisfies Record<Operation, Role>;

/** What is not in the table is nobody's. */
export function leastRoleOf(operation: string): Role | undefined {
  return isOperation(operation) ? leastRoles[operation] : undefined;
}

function isOperation(name: string): name is Operation {
  return Object.hasOwn(leastRoles, name);
}

/** Without a caller no keys are configured, and everybody who reaches the service may do everything. */
export function mayDo(caller: Caller | undefined, operation: string): boolean {
  if (caller === undefined) return true;
  const least = leastRoleOf(operation);
  return least !== undefined && roles.indexOf(caller.role) >= roles.indexOf(least);
}

/** Undefined when the caller may. */
export function refusalOf(caller: Caller | undefined, operation: string): ContractFailure | undefined {
  if (caller === undefined || mayDo(caller, operation)) return undefined;
  const needed = leastRoleOf(operation) ?? "admin";
  return {
    code: "forbidden",
    message: `The key '${caller.name}' is ${withArticle(caller.role)}'s, and ${operation} needs ${withArticle(needed)}'s: ask whoever runs this service for one`,
  };
}

export function withArticle(role: Role): string {
  return role === "viewer" ? "a viewer" : `an ${role}`;
}

/** What the audit says of who it was; where no keys are needed, the request's id is all that is known. */
export function actorOf({
  caller,
  requestId,
}: {
  readonly caller?: Caller;
  readonly requestId: string;
}): string {
  return caller?.name ?? requestId;
}
