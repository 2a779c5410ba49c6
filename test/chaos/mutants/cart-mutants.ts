// Defects of what a client is told.
import type { Mutant } from "./mutant.ts";
import type { Provocation } from "./provocation.ts";

const noCart = "The simulators begin at the topic.";

export const cartMutants: readonly Mutant<Provocation>[] = [
  {
    name: "created-before-acknowledged",
    breaks: "A 201 means that the broker has the event.",
    edits: [
      {
        file: "kafka/publisher.ts",
        find: "    if (code === 0) return;\n",
        replace:
          "    if (code === 0) return answer(pending, { ok: true, value: { partition: -1, offset: -1 } });\n",
      },
    ],
    provokedBy: "events-refused",
    because: noCart,
  },
  {
    name: "delivery-failure-swallowed",
    breaks: "A 201 means that the broker has the event, and a failed delivery is an error.",
    edits: [
      {
        file: "cart/order-commands.ts",
        find: "    if (outcome.ok) return success(undefined);",
        replace: '    if (outcome.ok || outcome.failure.kind !== "unknown") return success(undefined);',
      },
    ],
    provokedBy: "events-refused",
    because: noCart,
  },
  {
    name: "second-event-id-for-one-key",
    breaks: "Every try of one request under one Idempotency-Key carries the same event id.",
    edits: [
      {
        file: "cart/order-commands.ts",
        find: "        publish: (requestedAt) => publishCreate(command, eventId, requestedAt, context),",
        replace:
          "        publish: (requestedAt) => publishCreate(command, randomEventId(), requestedAt, context),",
      },
    ],
    provokedBy: "asked-again-after-restart",
    because: noCart,
  },
];
