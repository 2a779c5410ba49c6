import { expect, test } from "bun:test";
import { createTestOrder, told } from "./test-service.ts";

test("pages that order hands over answer every path and method below /console, and / names them", async () => {
  const asked: string[] = [];
  const { app } = createTestOrder({
    console: async ({ method, url }) => {
      asked.push(`${method} ${new URL(url).pathname}`);
      return new Response("a page");
    },
  });
  for (const path of ["/console", "/console/messages/order-events/0/17"]) {
    expect(await (await app.request(path)).text()).toBe("a page");
  }
  await app.request("/console", { method: "POST" });
  expect(asked).toEqual(["GET /console", "GET /console/messages/order-events/0/17", "POST /console"]);
  expect((await told(app.request("/"))).body).toMatchObject({ links: { console: "/console" } });
});

test("without pages there is nothing at /console", async () => {
  const { app } = createTestOrder();
  expect((await app.request("/console")).status).toBe(404);
  expect((await app.request("/consoles")).status).toBe(404);
});
