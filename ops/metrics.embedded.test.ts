// On a running product, with an order that was made, one that failed, one that waits and one of system C: the metrics that
// alerts, dashboards and the runbook name are there, with the labels that they ask for, and nothing an attacker sends is in them.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createCartTally } from "../cart/cart-tally.ts";
import { createOrderTally } from "../order/order-tally.ts";
import { eventually } from "../test/system/eventually.ts";
import { type OpenProduct, openEmbeddedProduct } from "../test/system/open-product.ts";
import { countSeries } from "../telemetry/labels.ts";
import { metricNamesIn, opsFolder, readAlertRules } from "./alert-rules.ts";
import { dashboards } from "./dashboards.ts";

interface Shown {
  readonly types: ReadonlyMap<string, string>;
  readonly labels: ReadonlySet<string>;
  readonly lines: readonly string[];
}

let product: OpenProduct;
let pages: readonly Shown[];

beforeAll(async () => {
  product = await openEmbeddedProduct();
  await post(product.cartUrl, "/create-order", { orderId: "SECRET-1", itemsCount: 1 });
  await post(product.cartUrl, "/create-order", { orderId: "SECRET-1", itemsCount: 1 });
  await post(product.cartUrl, "/create-order", { orderId: "TEST-FAIL-SECRET", itemsCount: 1 });
  await fetch(`${product.cartUrl}/SECRET/path`);
  await post(product.orderUrl, "/api/orders", {
    customerId: "CUST-1",
    items: [{ productId: "P-1", quantity: 1, price: 10 }],
  });
  await eventually(async () => {
    const order = await read(product.orderUrl);
    const joined = valuesOf(order, "orderwire_saga_outcomes_total", 'status="CONFIRMED"');
    expect([joined, valuesOf(order, "orderwire_dead_letters", 'state="open"')]).toEqual([[1], [1]]);
    pages = [await read(product.cartUrl), order];
  }, 20_000);
}, 60_000);
afterAll(() => product.close(), 30_000);

async function post(url: string, path: string, body: unknown): Promise<void> {
  await fetch(`${url}${path}`, { method: "POST", body: JSON.stringify(body) });
}

async function read(url: string): Promise<Shown> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  const types = [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(
    ([, name = "", type = ""]) => [name, type] as const,
  );
  const labels = lines.flatMap((line) => [...line.matchAll(/([a-z_]+)="/g)].map(([, label = ""]) => label));
  return { types: new Map(types), labels: new Set(labels), lines };
}

function valuesOf({ lines }: Shown, name: string, labels = ""): readonly number[] {
  return lines
    .filter((line) => line.startsWith(`${name}{`) && line.includes(labels))
    .map((line) => Number(line.slice(line.lastIndexOf(" ") + 1)));
}

function knownNames(): ReadonlySet<string> {
  const types = pages.flatMap((page) => [...page.types]);
  return new Set(
    types.flatMap(([name, type]) =>
      type === "histogram" ? ["_bucket", "_sum", "_count"].map((part) => name + part) : [name],
    ),
  );
}

const expressions = [
  ...readAlertRules().map(({ expr }) => expr),
  ...dashboards.flatMap(({ rows }) =>
    rows.flatMap(({ panels }) => panels.flatMap(({ queries }) => queries.map(([expression]) => expression))),
  ),
];

test("every metric that an alert or a dashboard asks for is there", () => {
  const known = knownNames();
  for (const name of expressions.flatMap(metricNamesIn)) expect([...known]).toContain(name);
});

test("and every metric that the runbook names", () => {
  const known = new Set([...knownNames(), ...pages.flatMap(({ types }) => [...types.keys()])]);
  const runbook = readFileSync(join(opsFolder, "runbook.md"), "utf8");
  for (const name of metricNamesIn(runbook)) expect([...known]).toContain(name);
});

test("and every label that they ask by", () => {
  // Prometheus adds these itself; those of retries and dead letters come with the first of them.
  const known = new Set(["instance", "job", "le", ...pages.flatMap(({ labels }) => [...labels])]);
  const asked = expressions.flatMap((expression) => [
    ...[...expression.matchAll(/by \(([^)]*)\)/g)].flatMap(([, names = ""]) => names.split(/,\s*/)),
    ...[...expression.matchAll(/[{,]([a-z_]+)[!=]~?"?/g)].map(([, name = ""]) => name),
  ]);
  for (const label of asked) expect([...known]).toContain(label);
});

test("the numbers are those of what happened", () => {
  const [cart, order] = pages;
  if (cart === undefined || order === undefined) throw new Error("there is no page");
  expect(valuesOf(cart, "orderwire_http_requests_total", 'route="/create-order",status="201"')).toEqual([3]);
  expect(valuesOf(cart, "orderwire_published_records_total", 'outcome="acknowledged"')).toEqual([3, 0]);
  const ends = ["done", "retry", "dead_letter"].map((outcome) =>
    valuesOf(order, "orderwire_events_total", `topic="order-events",outcome="${outcome}"`),
  );
  expect(ends[0]).toEqual([1]);
  expect(ends[1]?.[0]).toBeGreaterThanOrEqual(1);
  expect(ends[2]).toEqual([1]);
  expect(valuesOf(order, "orderwire_dead_letters_created_total", 'cause="duplicate_create"')).toEqual([1]);
  expect(valuesOf(order, "orderwire_end_to_end_seconds_count", 'topic="order-events"')).toEqual([1]);
  const [sum = -1] = valuesOf(order, "orderwire_end_to_end_seconds_sum", 'topic="order-events"');
  expect(sum).toBeGreaterThanOrEqual(0);
  expect(sum).toBeLessThan(5);
});

test("no series has an id, a path or a text that somebody sent", () => {
  for (const { lines } of pages) expect(lines.filter((line) => /SECRET|CUST|P-1/.test(line))).toEqual([]);
});

test("how many series there can be is bounded, whatever happens", () => {
  const topics = ["a", "b", "c"];
  const tallies = [
    createOrderTally({ eventTopics: topics, decisionTopics: topics, publishedTopics: topics }),
    createCartTally(topics),
  ];
  for (const tally of tallies) {
    for (const part of [tally, tally.http, tally.publish, tally.registry]) {
      for (const family of Object.values(part)) {
        if (typeof family !== "object" || !("sets" in family)) continue;
        expect(`${family.name} ${countSeries(family.sets) <= 20_000}`).toBe(`${family.name} true`);
      }
    }
  }
});

const promtool = Bun.which("promtool");

test.skipIf(promtool === null)("Prometheus finds nothing wrong with the pages (needs promtool)", async () => {
  for (const url of [product.cartUrl, product.orderUrl]) {
    const page = await (await fetch(`${url}/metrics`)).text();
    const check = Bun.spawnSync([promtool ?? "", "check", "metrics"], { stdin: Buffer.from(page) });
    expect(`${check.stdout.toString()}${check.stderr.toString()}`).toBe("");
    expect(check.exitCode).toBe(0);
  }
});
