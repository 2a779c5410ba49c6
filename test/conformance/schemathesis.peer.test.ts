// Schemathesis reads each service's OpenAPI document and asks accordingly and otherwise: nothing is a 5xx, nothing is answered
// that is not documented, what the schemas refuse is refused, and what they allow is taken.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createCartClient, createOrderClient } from "../../contract/client.ts";
import { eventually } from "../system/eventually.ts";
import { openProduct, type OpenProduct } from "../system/open-product.ts";

const python = process.env["PEER_PYTHON"];
/** Another one asks other questions; a failing one is told with the failure. */
const seed = process.env["SCHEMATHESIS_SEED"] ?? "20260302";
const phaseEndsWithinSeconds = 35;

describe("Schemathesis", () => {
  let product: OpenProduct;
  beforeAll(async () => {
    product = await openProduct({
      DLQ_EDIT: "on",
      DLQ_RETRY_BACKOFF_MS: "600000",
      DLQ_MAX_BACKOFF_MS: "600000",
    });
    await fillWithExamples(product);
  }, 60_000);
  afterAll(async () => {
    await product.close();
  }, 30_000);

  for (const service of ["cart", "order"] as const) {
    test.skipIf(python === undefined)(
      `finds nothing that ${service} does not document`,
      async () => {
        const url = service === "cart" ? product.cartUrl : product.orderUrl;
        const { exitCode, output } = await schemathesis(url);
        expect({ exitCode, output: exitCode === 0 ? "" : output.slice(-8000) }).toEqual({
          exitCode: 0,
          output: "",
        });
        expect((await fetch(`${url}/health`)).status).toBe(200);
      },
      240_000,
    );
  }
});

/** What the documents' examples speak of is there: an order, a failed event, one that waits. */
async function fillWithExamples({ cartUrl, orderUrl }: OpenProduct): Promise<void> {
  const cart = createCartClient(cartUrl);
  const order = createOrderClient(orderUrl);
  for (const orderId of ["ORDER-001", "ORD-1", "ORDER-001"])
    await cart.orders.create.mutate({ orderId, itemCount: 2 });
  await cart.orders.updateStatus.mutate({ orderId: "ORD-999", status: "shipped", system: "A" });
  await order.sagas.place.mutate({
    customerId: "CUST-1",
    items: [{ productId: "P-1", quantity: 2, price: 10 }],
  });
  await eventually(async () => {
    expect((await order.dlq.stats.query()).total).toBe(1);
    expect((await order.parked.list.query({})).parked).toHaveLength(1);
  }, 20_000);
}

async function schemathesis(url: string): Promise<{ exitCode: number; output: string }> {
  // What it remembers between runs stays out of the checkout.
  const scratch = mkdtempSync(join(tmpdir(), "orderwire-schemathesis-"));
  const child = Bun.spawn(
    [
      python ?? "",
      "-m",
      "schemathesis.cli",
      `--config-file=${join(import.meta.dirname, "schemathesis.toml")}`,
      "run",
      `${url}/openapi.json`,
      "--continue-on-failure",
      "--max-examples=20",
      `--max-time=${phaseEndsWithinSeconds}`,
      `--seed=${seed}`,
      "--no-color",
    ],
    { cwd: scratch, stdout: "pipe", stderr: "pipe", env: { ...process.env, PYTHONDONTWRITEBYTECODE: "1" } },
  );
  const [out, err, exitCode] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  rmSync(scratch, { recursive: true, force: true });
  return { exitCode, output: out + err };
}
