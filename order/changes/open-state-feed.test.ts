import { afterEach, expect, test } from "bun:test";
import type { ClientSettings } from "../../kafka/binding.ts";
import { createClosing } from "../../service/closing.ts";
import { createLogger } from "../../service/logger.ts";
import { readSettings } from "../../service/settings.ts";
import { openOrderStore } from "../store/open-order-store.ts";
import { openStateFeed } from "./open-state-feed.ts";

const closing = createClosing();
afterEach(() => closing.run());

const codec = {
  encode: () => ({ ok: true as const, value: Buffer.alloc(0) }),
  ready: async () => true,
};

/** Resolves with the first error that is told. */
async function openFeed(security: ClientSettings): Promise<{ readonly told: Promise<string> }> {
  const read = readSettings({ ORDER_STATE_TOPIC: "order-state" });
  if (!read.ok) throw new Error("settings");
  const store = await openOrderStore(undefined);
  closing.add(() => store.close());
  const told = Promise.withResolvers<string>();
  openStateFeed({
    settings: read.value,
    parts: { brokers: "127.0.0.1:1", security },
    store,
    codec,
    logger: createLogger({ level: "error", format: "json", write: told.resolve }),
    closing,
    topicReady: Promise.resolve(),
  });
  return { told: told.promise };
}

test("meets the broker as who the service is, and says so when that cannot be", async () => {
  const { told } = await openFeed({ "security.protocol": "nobody" });
  expect(await told).toContain("States of orders are not published");
});
