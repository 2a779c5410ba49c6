// Runs the README's own calls, in its order, against a fresh embedded product, and compares every answer with the one
// that stands under the call.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { answerOf, operationAt, readDocument, type JsonObject } from "../contract/test-document.ts";
import { readmeWithSettings } from "../scripts/settings-table.ts";
import { eventually } from "./system/eventually.ts";
import { openEmbeddedProduct, type OpenProduct } from "./system/open-product.ts";

const readme = await Bun.file(new URL("../README.md", import.meta.url)).text();
const calls = [...readme.matchAll(/```sh\n(curl [\s\S]*?)\n```\n\n```json\n([\s\S]*?)\n```/g)].map(
  ([, command, answer]) => ({
    command: command ?? "",
    answer: JSON.parse(answer ?? "null") as unknown,
  }),
);

/** Method, service and path of a call. */
function targetOf(command: string): { service: "cart" | "order"; method: string; path: string } {
  const [, port = "", path = ""] = /localhost:(800[01])([^\s'?]*)/.exec(command) ?? [];
  const [, method = "GET"] = / -X (\w+)/.exec(command) ?? [];
  return { service: port === "8000" ? "cart" : "order", method, path };
}

/** The names of its fields, at any depth; of a list those of its first entry. */
function namesIn(value: unknown): unknown {
  if (Array.isArray(value)) return value.slice(0, 1).map(namesIn);
  if (value === null || typeof value !== "object") return "value";
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, namesIn(inner)]));
}

/** What cart generates differs from run to run; the rest of an answer does not. */
const generatedNumbers = new Set(["quantity", "price", "totalAmount", "shippingCost"]);

/** The shown answer as a matcher: `…` stands for anything, and generated numbers for any number. */
function matcherOf(shown: unknown, name?: string): unknown {
  if (typeof shown === "number")
    return name !== undefined && generatedNumbers.has(name) ? expect.any(Number) : shown;
  if (typeof shown === "string") {
    if (!shown.includes("…")) return shown;
    const pattern = shown.split("…").map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
    return expect.stringMatching(new RegExp(`^${pattern.join("[\\s\\S]*")}$`));
  }
  if (Array.isArray(shown)) return shown.map((item) => matcherOf(item));
  if (shown === null || typeof shown !== "object") return shown;
  return Object.fromEntries(Object.entries(shown).map(([key, value]) => [key, matcherOf(value, key)]));
}

describe("the README", () => {
  let product: OpenProduct;
  let documents: Record<"cart" | "order", JsonObject>;
  beforeAll(async () => {
    product = await openEmbeddedProduct();
    const documentOf = async (url: string) => readDocument(await (await fetch(`${url}/openapi.json`)).json());
    documents = { cart: await documentOf(product.cartUrl), order: await documentOf(product.orderUrl) };
  }, 60_000);
  afterAll(async () => {
    await product.close();
  }, 30_000);

  test("has calls of all systems", () => {
    expect(calls.length).toBeGreaterThanOrEqual(14);
  });

  for (const { command, answer } of calls) {
    test(`answers as it says: ${command}`, async () => {
      const here = command
        .replaceAll("localhost:8000", product.cartUrl.replace("http://", ""))
        .replaceAll("localhost:8001", product.orderUrl.replace("http://", ""));
      // A write is sent once; a read is repeated until what was written before it has come through the broker.
      const isWrite = / -X /.test(command);
      const check = async () => {
        const run = Bun.spawn(["bash", "-c", `${here} -w '\n%{http_code}'`], {
          stdout: "pipe",
          stderr: "inherit",
        });
        const [body = "", status = ""] = (await new Response(run.stdout).text()).split(/\n(?=\d+$)/);
        const told: unknown = JSON.parse(body);
        expect(told).toEqual(matcherOf(answer));
        expectDocumented(command, Number(status), told);
      };
      if (isWrite) await check();
      else await eventually(check, 10_000);
    });
  }

  /** What was told is what the OpenAPI document says: status, schema, and the fields of its example. */
  function expectDocumented(command: string, status: number, told: unknown): void {
    const { service, method, path } = targetOf(command);
    const operation = operationAt(documents[service], method, path);
    if (operation === undefined) throw new Error(`${method} ${path} is not in ${service}'s document`);
    const documented = answerOf(documents[service], operation, status);
    if (documented === undefined) throw new Error(`${method} ${path} answers ${status}: not documented`);
    expect(documented.schema.safeParse(told).error?.message).toBeUndefined();
    expect(namesIn(documented.example)).toEqual(namesIn(told));
  }

  test("its settings table is the one that the settings' schema gives", async () => {
    const { present, wanted } = await readmeWithSettings();
    expect(present).toBe(wanted);
  });
});
