// The Dockerfile, followed by hand: what it makes runs both services on real parts, as the user it names, with nothing of
// this machine but what its base image has too.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { lstatSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { findFreePort } from "../parts/free-port.ts";
import { eventually } from "../system/eventually.ts";
import { callHttp } from "../system/http-call.ts";
import { realEnvironment } from "../system/real-environment.ts";
import { type BuiltImage, buildImage } from "./build-image.ts";
import { runContainer, whyNoContainers } from "./run-image.ts";

/** Beside glibc, which is counted: time zones, certificates and lists, 3.4 MB in Debian 12; rounded up. */
const baseBytes = 10e6;
const environment = realEnvironment();
const impossible = whyNoContainers();

describe.skipIf(environment === undefined || impossible !== undefined)(
  `the image (${impossible ?? "as root on Linux"})`,
  () => {
    let image: BuiltImage;
    let settings: Readonly<Record<string, string>>;
    const [cartUrl, orderUrl] = ["", ""].map(() => ({ url: "", port: 0 }));

    beforeAll(async () => {
      [image, settings] = await Promise.all([buildImage(), environment?.open() ?? {}]);
      for (const service of [cartUrl, orderUrl]) {
        if (service === undefined) continue;
        service.port = await findFreePort();
        service.url = `http://127.0.0.1:${service.port}`;
      }
    }, 300_000);
    afterAll(async () => {
      image.remove();
      await environment?.remove();
    });

    test("is under 200 MB, and has no compiler, no sources and no package but the native client", () => {
      const bytes = sizeOf(image.root) + baseBytes;
      process.stdout.write(`The image has ${(bytes / 1e6).toFixed(0)} MB.\n`);
      expect(bytes).toBeLessThan(200e6);
      const packages = readdirSync(join(image.root, "app", "node_modules"));
      expect(packages.sort()).toEqual(["@confluentinc", "bindings", "file-uri-to-path"]);
      const sources = [...new Bun.Glob("**/*.{test.ts,spec.ts,tsx,cc}").scanSync(join(image.root, "app"))];
      expect(sources).toEqual([]);
    });

    test("runs as a user without rights, by number", () => {
      expect(image.user).toBe("65532:65532");
    });

    test("registers the schemas, takes an order and answers for it, shows the console and the API, and stops with exit code 0", async () => {
      const registration = runContainer(image, ["scripts/schemas.js", "register"], settings);
      expect({ exitCode: await registration.exited, output: registration.output() }).toMatchObject({
        exitCode: 0,
      });

      const { DATABASE_URL: _ordersAlone, ...cartSettings } = settings;
      const cart = runContainer(image, image.command, { ...cartSettings, CART_PORT: String(cartUrl?.port) });
      const order = runContainer(image, ["order/main.js"], {
        ...settings,
        ORDER_PORT: String(orderUrl?.port),
      });
      try {
        for (const { url } of [cartUrl, orderUrl].filter((one) => one !== undefined)) {
          await eventually(async () => {
            const answer = await fetch(`${url}/health/ready`);
            if (!answer.ok) throw new Error(`${await answer.text()}\n${cart.output()}\n${order.output()}`);
          }, 60_000);
        }
        const created = await callHttp("POST", `${cartUrl?.url}/create-order`, {
          orderId: "I-1",
          itemsCount: 2,
        });
        expect(created.status).toBe(201);
        await eventually(async () => {
          const { status } = await callHttp("GET", `${orderUrl?.url}/order-details?orderId=I-1`);
          expect(status).toBe(200);
        });
        const page = await (await fetch(`${orderUrl?.url}/console`)).text();
        const assets = [...page.matchAll(/(?:src|href)="([^"]+)"/g)].map(
          ([, path]) => `${orderUrl?.url}${path}`,
        );
        expect(assets.length).toBe(4);
        const viewers = [cartUrl, orderUrl].map((service) => `${service?.url}/docs/viewer.js`);
        for (const file of [...assets, ...viewers]) expect((await fetch(file)).status).toBe(200);
      } finally {
        expect(await Promise.all([cart.stop(), order.stop()])).toEqual([0, 0]);
      }
    }, 120_000);
  },
);

function sizeOf(folder: string): number {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((path) => lstatSync(join(folder, path)))
    .reduce((sum, entry) => sum + (entry.isFile() ? entry.size : 0), 0);
}
