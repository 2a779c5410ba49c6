import { describe, expect, test } from "bun:test";
import { createConsoleBuild } from "./build-console.ts";
import { createConsole } from "./serve-console.ts";

const console = createConsole({ environment: `"><script>window.hacked=1</script>` });
const get = (path: string, init?: RequestInit) => console(new Request(`http://order.example${path}`, init));

describe("the console over HTTP", () => {
  test("has one page for all its screens, asked for anew each time, that nothing inline may run on", async () => {
    const answer = await get("/console/messages/order-events/0@1f2e/17");
    expect(answer.status).toBe(200);
    expect(answer.headers.get("cache-control")).toBe("no-cache");
    const policy = answer.headers.get("content-security-policy") ?? "";
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toContain("unsafe");
    const page = await answer.text();
    expect(page).not.toMatch(/<script(?![^>]* src=)|<style| on\w+=| style=/);
    expect(page).not.toContain("<script>window");
  });

  test("a path that no screen has is a 404 with the same page around it", async () => {
    const answer = await get("/console/nothing");
    expect(answer.status).toBe(404);
    expect(await answer.text()).toContain('id="console"');
  });

  test("names files that are there, are kept for good, and come compressed to who takes that", async () => {
    const page = await (await get("/console")).text();
    const paths = [...page.matchAll(/\/console\/assets\/[\w.-]+/g)].map(([path]) => path);
    expect(paths).toHaveLength(4);
    for (const path of paths) {
      const plain = await get(path);
      const packed = await get(path, { headers: { "accept-encoding": "br, gzip" } });
      expect([plain.status, packed.headers.get("content-encoding")]).toEqual([200, "gzip"]);
      expect(plain.headers.get("cache-control")).toContain("immutable");
      expect(Bun.gunzipSync(await packed.bytes())).toEqual(await plain.bytes());
    }
  });

  test("is read only, and knows no other file", async () => {
    expect((await get("/console", { method: "POST" })).status).toBe(405);
    expect((await get("/console/assets/../../package.json")).status).toBe(404);
    expect((await get("/console/assets/%2e%2e%2fpackage.json")).status).toBe(404);
  });

  test("is built once, and again after a build that failed", async () => {
    let builds = 0;
    const built = {
      assets: new Map(),
      themeScript: "t.js",
      script: "m.js",
      stylesheet: "m.css",
      icon: "i.svg",
    };
    const build = createConsoleBuild(async () => {
      builds += 1;
      if (builds === 1) throw new Error("a source cannot be read");
      return built;
    });
    expect(await build().catch(String)).toContain("a source cannot be read");
    expect(await Promise.all([build(), build()])).toEqual([built, built]);
    expect(builds).toBe(2);
  });
});
