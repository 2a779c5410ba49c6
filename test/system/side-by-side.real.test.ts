// The worked example of schemas/README.md, as it is deployed: a copy of this checkout gains a field by the patch that the
// README shows, its schema is checked, released and registered, and its services run beside the old ones on one Kafka, one
// registry and one store.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { createRegistry } from "../../schemas/registry.ts";
import { schemaCatalog } from "../../schemas/schema-catalog.ts";
import { type CopiedCheckout, copyCheckout, linkPackages } from "../copied-checkout.ts";
import { createOrders } from "../load/create-orders.ts";
import { type ServiceProcess, startService } from "../load/service-process.ts";
import { openStoredOrders, type StoredOrders } from "../load/stored-orders.ts";
import { runToEnd } from "../parts/run-to-end.ts";
import { eventually } from "./eventually.ts";
import { callHttp } from "./http-call.ts";
import { readTopic } from "./read-topic.ts";
import { realEnvironment } from "./real-environment.ts";

const environment = realEnvironment();
const patch = join(import.meta.dirname, "..", "..", "schemas", "example", "add-sales-channel.patch");

describe.skipIf(environment === undefined)(
  "a field is added while old and new services run side by side",
  () => {
    let settings: Readonly<Record<string, string>>;
    let stored: StoredOrders;
    let next: CopiedCheckout;
    const running = new Set<ServiceProcess>();
    const created: string[] = [];

    beforeAll(async () => {
      settings = (await environment?.open()) ?? {};
      stored = openStoredOrders(settings["DATABASE_URL"] ?? "", "X-");
      next = copyCheckout();
      linkPackages(next);
      await runToEnd(["git", "apply", patch], { cwd: next.folder });
    }, 60_000);
    afterAll(async () => {
      await Promise.all([...running].map((service) => service.stop()));
      await stored.close();
      next.remove();
      await environment?.remove();
    }, 60_000);

    async function start(name: "cart" | "order", version: "old" | "new"): Promise<ServiceProcess> {
      const checkout = version === "new" ? { checkout: next.folder } : {};
      const service = await startService(name, settings, checkout);
      running.add(service);
      return service;
    }
    async function stop(service: ServiceProcess): Promise<void> {
      running.delete(service);
      expect(await service.stop()).toBe(0);
    }
    async function create(cart: ServiceProcess, title: string, count: number): Promise<void> {
      const ids = Array.from({ length: count }, (_, index) => `X-${title}-${index}`);
      const outcome = await createOrders(ids, {
        url: cart.url,
        concurrency: 16,
        onProgress: () => undefined,
      });
      expect(outcome.acknowledged.size).toBe(count);
      created.push(...ids);
    }
    async function expectAllStored(): Promise<void> {
      await eventually(async () => expect((await stored.ids()).length).toBe(created.length), 30_000);
    }
    const schemas = (command: string) =>
      runToEnd([process.execPath, "scripts/schemas.ts", command], { cwd: next.folder, env: settings });
    /** The one dead letter that a second create of an order becomes, with its event as the reader saw it. */
    async function letterOfRepeated(cart: ServiceProcess, order: ServiceProcess, orderId: string) {
      const before = await lettersOf(order);
      await callHttp("POST", `${cart.url}/create-order`, { orderId, itemsCount: 1 });
      return await eventually(async () => {
        const letters = await lettersOf(order);
        expect(letters.length).toBe(before.length + 1);
        return letters.find((letter) => letter.originalMessage?.includes(`"${orderId}"`))?.originalMessage;
      });
    }
    async function lettersOf(order: ServiceProcess) {
      interface Letters {
        readonly messages: readonly { readonly originalMessage: string | null }[];
      }
      return (await callHttp<Letters>("GET", `${order.url}/api/dlq/messages`)).body.messages;
    }

    test("the compiler names every place that makes the event; none is left in the product's own code", async () => {
      const tsc = Bun.spawn([process.execPath, "x", "--no-install", "tsc", "--noEmit"], {
        cwd: next.folder,
        stdout: "pipe",
        stderr: "ignore",
      });
      const places = [...(await new Response(tsc.stdout).text()).matchAll(/^([^\s(]+)\(\d+,\d+\): error/gm)];
      const rooms = places.map(([, file = ""]) =>
        file.endsWith(".test.ts") ? "a test" : file.split("/")[0],
      );
      expect(new Set(rooms)).toEqual(new Set(["a test", "bench", "test"]));
    }, 60_000);

    test("each reads what the other writes, whichever comes first, and nothing becomes a dead letter", async () => {
      const [oldCart, oldOrder] = await Promise.all([start("cart", "old"), start("order", "old")]);
      await create(oldCart, "before", 60);

      expect(await schemas("check")).toContain("OrderEvent: changed since v1");
      expect(await schemas("release")).toContain("OrderEvent: v2 is released");
      expect(await schemas("register")).toContain("OrderEvent: v2 has id");
      const newCart = await start("cart", "new");
      // New producer, old consumer: the only one there is.
      await create(newCart, "new-to-old", 120);
      await expectAllStored();

      // Both of each, at once.
      const newOrder = await start("order", "new");
      await Promise.all([create(oldCart, "both-old", 200), create(newCart, "both-new", 200)]);
      await expectAllStored();

      await stop(oldOrder);
      // Old producer, new consumer: the only one that is left.
      await create(oldCart, "old-to-new", 120);
      await expectAllStored();
      await create(newCart, "new-to-new", 60);
      await expectAllStored();
      expect(await lettersOf(newOrder)).toEqual([]);

      // What the new consumer sees of either, shown by an event that it refuses: the default, and the value.
      expect(await letterOfRepeated(oldCart, newOrder, "X-before-0")).toContain('"salesChannel":"unknown"');
      expect(await letterOfRepeated(newCart, newOrder, "X-before-1")).toContain('"salesChannel":"web"');
    }, 180_000);

    test("the records on the topic were written with two schemas of one subject, both in the registry", async () => {
      const topic = settings["KAFKA_ORDER_TOPIC"] ?? "";
      const records = await readTopic(
        { brokers: settings["KAFKA_BROKERS"] ?? "", consumerSettings: {} },
        topic,
      );
      const byId = Map.groupBy(records, ({ value }) => value?.readUInt32BE(1) ?? 0);
      const registry = createRegistry({ url: settings["SCHEMA_REGISTRY_URL"] ?? "", timeoutMs: 4000 });
      const fields = await Promise.all(
        [...byId.keys()].map(async (id) => {
          const schema = await registry.schemaOf(id);
          return schema.ok && schema.value.definition.includes('"salesChannel"');
        }),
      );
      expect(new Set(fields)).toEqual(new Set([false, true]));
      expect(schemaCatalog.OrderEvent.definition).not.toContain("salesChannel");
      expect([...byId.values()].map((some) => some.length)).toEqual([381, 381]);
    }, 60_000);
  },
);
