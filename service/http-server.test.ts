import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { serveHttp } from "./http-server.ts";

const folder = mkdtempSync(join(tmpdir(), "orderwire-tls-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** A certificate of its own for localhost, made now. */
function selfSigned(name: string) {
  const [key, cert] = [join(folder, `${name}.key`), join(folder, `${name}.pem`)];
  const request =
    "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1 -subj /CN=localhost";
  const names = "subjectAltName=DNS:localhost,IP:127.0.0.1";
  const made = Bun.spawnSync([
    "openssl",
    ...request.split(" "),
    "-addext",
    names,
    "-keyout",
    key,
    "-out",
    cert,
  ]);
  if (!made.success) throw new Error(made.stderr.toString());
  return { key: readFileSync(key, "utf8"), cert: readFileSync(cert, "utf8") };
}

const ours = selfSigned("ours");
const other = selfSigned("other");
const base = {
  hostname: "127.0.0.1",
  port: 0,
  fetch: (_: Request, from: () => string) => new Response(from()),
};

test("with a certificate the server speaks https to who trusts it, and plain http to nobody", async () => {
  const server = serveHttp({ ...base, tls: ours });
  try {
    expect(server.url).toStartWith("https://127.0.0.1:");
    const answer = await fetch(server.url, { tls: { ca: ours.cert } });
    expect(await answer.text()).toBe("127.0.0.1");
    const distrusted = await fetch(server.url, { tls: { ca: other.cert } }).then(
      ({ ok }) => ok,
      () => false,
    );
    expect(distrusted).toBe(false);
    const plain = await fetch(server.url.replace("https", "http")).then(
      ({ ok }) => ok,
      () => false,
    );
    expect(plain).toBe(false);
  } finally {
    await server.stop(100);
  }
});

test.each([
  ["no certificate", { cert: "hello", key: ours.key }],
  ["another's key", { cert: ours.cert, key: other.key }],
])("%s is told in one sentence when it starts", (_what, tls) => {
  expect(() => serveHttp({ ...base, tls })).toThrow("TLS_CERT_FILE and TLS_KEY_FILE cannot be used");
});

test("a port that is taken is told as that", async () => {
  const first = serveHttp(base);
  const port = Number(new URL(first.url).port);
  expect(() => serveHttp({ ...base, port, tls: ours })).toThrow(`127.0.0.1:${port} cannot be listened on`);
  await first.stop(100);
});
