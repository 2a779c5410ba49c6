import { expect, test } from "bun:test";
import { createTestCart, told } from "./test-service.ts";

const page = async () => new Response("a page");

test("/ is JSON for programs, and names the page of the API where there is one", async () => {
  const { app } = createTestCart({}, {}, { reference: page });
  for (const accept of ["*/*", "application/json", "application/json, text/html;q=0.5"]) {
    const answer = await told(app.request("/", { headers: { accept } }));
    expect(answer.body).toMatchObject({
      service: "cart",
      links: { docs: "/docs", openapi: "/openapi.json" },
    });
    expect(answer.headers.get("vary")).toBe("Accept");
  }
  expect(await (await app.request("/docs/anything")).text()).toBe("a page");
});

test("/ is a page of links for a browser, in which nothing runs", async () => {
  const { app } = createTestCart({}, {}, { reference: page });
  const accept = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
  const answer = await app.request("/", { headers: { accept } });
  expect(answer.headers.get("content-type")).toBe("text/html; charset=utf-8");
  expect(answer.headers.get("content-security-policy")).toStartWith("default-src 'none'");
  const html = await answer.text();
  for (const path of ["/docs", "/openapi.json", "/health"]) expect(html).toContain(`href="${path}"`);
  expect(html).toContain("POST /create-order");
  expect(html).not.toMatch(/<script|<style|style=|https?:/);
});

test("without a page of the API nothing is at /docs, and / does not name it", async () => {
  const { app } = createTestCart();
  expect((await app.request("/docs")).status).toBe(404);
  expect((await told(app.request("/"))).body).not.toHaveProperty("links.docs");
});
