// All parts, in an order that makes sense for a whole run: what needs servers that nobody has filled comes first.
import type { BenchPart } from "./bench-part.ts";
import { consume } from "./consume.ts";
import { create } from "./create.ts";
import { growth } from "./growth/growth.ts";
import { latency } from "./latency.ts";
import { deadLetters } from "./letters/dead-letters.ts";
import { replay } from "./letters/replay.ts";
import { saga } from "./saga/saga.ts";

export const benchParts: readonly BenchPart[] = [create, latency, consume, saga, replay, deadLetters, growth];
