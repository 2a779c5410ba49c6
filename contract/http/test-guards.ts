// The tests' own guards: three keys that are named after their roles, and a clock that stands still.
import { roles } from "../access.ts";
import type { Guards, KeyRing, Refusal } from "./guards.ts";

/** `key-of-viewer-0123456789` is a viewer's, and so on. */
export const keyOf = (role: string) => `key-of-${role}-0123456789`;

export const testKeys: KeyRing = {
  identify(key) {
    const role = roles.find((candidate) => keyOf(candidate) === key);
    return role === undefined ? undefined : { name: `the-${role}`, role };
  },
};

export function createTestGuards(overrides: Partial<Guards> = {}) {
  const refusals: Refusal[] = [];
  const clock = { nowMs: 0 };
  const guards: Guards = {
    allowedHosts: new Set(),
    allowedOrigins: new Set(),
    requestsPerSecond: 1000,
    maxInFlight: 100,
    maxStreams: 10,
    tls: false,
    nowMs: () => clock.nowMs,
    onRefused: (refusal) => refusals.push(refusal),
    ...overrides,
  };
  return { guards, refusals, clock };
}

export const bearer = (key: string) => ({ Authorization: `Bearer ${key}` });
