// cart and order in this process, on free ports: what `bun run start` composes, for tests.
import { openCart } from "../../cart/open-cart.ts";
import { openOrder } from "../../order/open-order.ts";
import { createClosing } from "../../service/closing.ts";
import { createLogger } from "../../service/logger.ts";
import { openParts, type Parts } from "../../service/open-parts.ts";
import { readSettings, type Settings } from "../../service/settings.ts";
import { untilReady } from "../../service/until-ready.ts";
import type { SystemUnderTest } from "./order-systems.spec.ts";

export interface OpenProduct extends SystemUnderTest {
  readonly settings: Settings;
  /** For those who write to the topics past cart, or read them past order. */
  readonly parts: Parts;
}

type Environment = Readonly<Record<string, string>>;

/** `onLogLine` hears every line, also those of debugging, in place of standard error. */
export async function openProduct(
  environment: Environment,
  onLogLine?: (line: string) => void,
): Promise<OpenProduct> {
  const read = readSettings({ CART_PORT: "0", ORDER_PORT: "0", ...environment });
  if (!read.ok) throw new Error(read.faults.join(" "));
  const settings = read.value;
  const logger = createLogger(
    onLogLine === undefined
      ? { level: "error", format: "json" }
      : { level: "debug", format: "json", write: onLogLine },
  );
  const closing = createClosing();
  const parts = openParts(settings);
  closing.add(() => parts.close());
  const order = await openOrder(settings, parts, logger);
  closing.add(() => order.close());
  const cart = await openCart(settings, parts, logger);
  closing.add(() => cart.close());
  if (!(await untilReady([cart, order], 30_000)))
    throw new Error("cart and order were not ready within 30 s");
  return {
    cartUrl: cart.url,
    orderUrl: order.url,
    topics: { orders: settings.KAFKA_ORDER_TOPIC, statusUpdates: settings.KAFKA_STATUS_UPDATE_TOPIC },
    settings,
    parts,
    close: () => closing.run(),
  };
}

export function openEmbeddedProduct(): Promise<OpenProduct> {
  return openProduct({});
}
