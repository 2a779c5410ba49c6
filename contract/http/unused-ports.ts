// Ports of order for tests that call few of them or none: every other call is a mistake of the test's.
import type { OrderPorts } from "../procedures.ts";
import { testLive } from "./test-live.ts";

export const unused = () => Promise.reject(new Error("not called"));

export const unusedPorts: OrderPorts = {
  views: { details: unused, list: unused, idsFromTopic: unused },
  deadLetters: { list: unused, count: unused, get: unused, stats: unused, info: unused },
  parked: { list: unused, retryNow: unused, deadLetterNow: unused },
  partitions: { skip: unused },
  letters: { counts: unused, groups: unused, annotate: unused, discard: unused, restore: unused },
  replays: {
    preview: unused,
    start: unused,
    startEdited: unused,
    checkEdited: unused,
    timeline: unused,
    get: unused,
    list: unused,
    items: unused,
    pause: unused,
    resume: unused,
    cancel: unused,
    setRate: unused,
  },
  audit: { list: unused },
  sagaCommands: { place: unused },
  sagas: { list: unused, get: unused, stats: unused, pending: unused },
  catalog: { list: unused },
  ...testLive,
};
