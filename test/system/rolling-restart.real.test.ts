// A deploy as an orchestrator does it: two instances of each service, one after the other stopped and started again under
// load, behind a balancer that follows `/health/serving`. Clients repeat nothing.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createPlainClient } from "../load/plain-client.ts";
import { type ServiceProcess, startService } from "../load/service-process.ts";
import { findDifferences, openStoredOrders, type StoredOrders } from "../load/stored-orders.ts";
import { openTcpBalancer, type TcpBalancer } from "../load/tcp-balancer.ts";
import { eventually } from "./eventually.ts";
import { callHttp } from "./http-call.ts";
import { realEnvironment } from "./real-environment.ts";

const environment = realEnvironment();
/** Several of the balancer's probes. */
const drainMs = 1500;
const probeEveryMs = 200;

describe.skipIf(environment === undefined)("a rolling restart under load", () => {
  const settings: Record<string, string> = { DRAIN_MS: String(drainMs) };
  const services: ServiceProcess[] = [];
  const balancers: TcpBalancer[] = [];
  let stored: StoredOrders;

  const instanceOf = (name: "cart" | "order", number: number) =>
    name === "order" ? { ...settings, ORDER_INSTANCE_ID: `order-${number}` } : settings;

  beforeAll(async () => {
    Object.assign(settings, await environment?.open());
    stored = openStoredOrders(settings["DATABASE_URL"] ?? "", "R-");
    services.push(
      ...(await Promise.all([
        startService("cart", instanceOf("cart", 0)),
        startService("cart", instanceOf("cart", 1)),
        startService("order", instanceOf("order", 0)),
        startService("order", instanceOf("order", 1)),
      ])),
    );
    for (const pair of [services.slice(0, 2), services.slice(2)]) {
      const balancer = await openTcpBalancer({ instances: pair.map(({ url }) => url), probeEveryMs });
      balancers.push(balancer);
      for (const { url } of pair) await balancer.untilServing(url, true);
    }
  }, 120_000);
  afterAll(async () => {
    await Promise.all(balancers.map((balancer) => balancer.close()));
    await Promise.all(services.map((service) => service.stop()));
    await stored.close();
    await environment?.remove();
  }, 60_000);

  const redelivered = async ({ url }: ServiceProcess): Promise<number> =>
    (await callHttp<{ redelivered: number }>("GET", `${url}/health/detail`)).body.redelivered;

  test("fails no request, loses no order and redelivers nothing", async () => {
    const [cartBalancer, orderBalancer] = balancers;
    const acknowledged = new Set<string>();
    const failed: string[] = [];
    const done = { stop: false, reads: 0 };
    const tell = (what: string) => (error: unknown) => void failed.push(`${what}: ${String(error)}`);

    async function create(client: number): Promise<void> {
      const http = createPlainClient(cartBalancer?.url ?? "");
      for (let number = 0; !done.stop; number++) {
        const orderId = `R-${client}-${number}`;
        const body = JSON.stringify({ orderId, itemsCount: 2 });
        await http.send("POST", "/create-order", body).then(({ status, body: told }) => {
          if (status === 201) acknowledged.add(orderId);
          else failed.push(`${orderId}: ${status} ${told}`);
        }, tell(orderId));
      }
      http.close();
    }
    async function read(): Promise<void> {
      const http = createPlainClient(orderBalancer?.url ?? "");
      while (!done.stop) {
        await http.send("GET", "/order-details?orderId=R-first").then(({ status, body }) => {
          if (status !== 200) failed.push(`read: ${status} ${body}`);
          done.reads += 1;
        }, tell("read"));
        await Bun.sleep(5);
      }
      http.close();
    }

    await callHttp("POST", `${services[0]?.url}/create-order`, { orderId: "R-first", itemsCount: 1 });
    acknowledged.add("R-first");
    await eventually(async () => expect((await stored.ids()).length).toBe(1));
    const load = [...Array.from({ length: 16 }, (_, index) => create(index)), read(), read(), read(), read()];

    const redeliveries: number[] = [];
    const restarts: number[] = [];
    for (const [index, service] of services.entries()) {
      const name = index < 2 ? "cart" : "order";
      if (name === "order") redeliveries.push(await redelivered(service));
      const startedAt = performance.now();
      expect(await service.stop()).toBe(0);
      const next = await startService(name, instanceOf(name, index % 2), { port: service.port });
      services[index] = next;
      await (name === "cart" ? cartBalancer : orderBalancer)?.untilServing(next.url, true);
      restarts.push(performance.now() - startedAt);
    }
    const atTheEnd = acknowledged.size;
    await eventually(async () => expect(acknowledged.size).toBeGreaterThan(atTheEnd + 100));
    done.stop = true;
    await Promise.all(load);

    expect(failed).toEqual([]);
    expect(balancers.map(({ refused }) => refused)).toEqual([0, 0]);
    expect(done.reads).toBeGreaterThan(500);
    await eventually(async () => {
      expect(findDifferences(await stored.ids(), { acknowledged, unknown: new Set() })).toEqual([]);
    }, 30_000);
    for (const service of services.slice(2)) redeliveries.push(await redelivered(service));
    expect(redeliveries).toEqual([0, 0, 0, 0]);
    const { body } = await callHttp<{ total_messages: number }>("GET", `${services[2]?.url}/dlq/stats`);
    expect(body.total_messages).toBe(0);
    const seconds = restarts.map((ms) => (ms / 1000).toFixed(1)).join(", ");
    process.stdout.write(`${acknowledged.size} orders, ${done.reads} reads; restarts took ${seconds} s\n`);
  }, 180_000);
});
