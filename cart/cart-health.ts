// What cart says of itself: healthy while it can publish, which needs the broker and its schemas' ids.
import type { CartHealth } from "../contract/ports.ts";
import type { Publisher } from "../kafka/publisher.ts";
import type { Codec } from "../schemas/codec.ts";

export interface CartHealthOptions {
  readonly publisher: Pick<Publisher, "connected">;
  readonly codec: Pick<Codec, "isReady">;
  /** True from the moment the service stops taking requests. */
  readonly draining: () => boolean;
}

export function createCartHealth({ publisher, codec, draining }: CartHealthOptions): CartHealth {
  let wasReady = false;
  const canPublish = () => {
    const can = publisher.connected && codec.isReady;
    wasReady ||= can;
    return can;
  };
  return {
    async read() {
      const healthy = canPublish();
      return {
        healthy,
        body: {
          status: healthy ? "healthy" : "unhealthy",
          kafka: publisher.connected ? "connected" : "disconnected",
        },
      };
    },
    ready: async () => canPublish() && !draining(),
    // A broker that is away is away for the other instances too, and a 503 of ours says when to try again.
    serving: async () => (canPublish() || wasReady) && !draining(),
  };
}
