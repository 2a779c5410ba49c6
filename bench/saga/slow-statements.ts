// A TCP proxy before PostgreSQL that makes every statement slow: what a client sends is delivered in order, and waits
// `delayMs` for each statement in it, or once when it holds none (a preparation is a round trip as well). So it is what both a
// slow server and a distant one would be; statements that are sent together are not cheaper than one by one.
import { type AddressInfo, type Socket, connect, createServer } from "node:net";
import { createStatementCounter } from "./statement-counter.ts";

export interface SlowStatements {
  /** `url`, by way of the proxy. */
  through(url: string): string;
  close(): void;
}

export async function openSlowStatements(serverUrl: string, delayMs: number): Promise<SlowStatements> {
  const { hostname, port } = new URL(serverUrl);
  const open = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect({ host: hostname, port: Number(port) || 5432, noDelay: true });
    client.setNoDelay(true);
    const deliver = createDelay(delayMs, (bytes) => upstream.write(bytes));
    client.on("data", deliver);
    upstream.pipe(client);
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      open.add(socket);
      socket.on("error", () => other.destroy());
      socket.on("close", () => {
        open.delete(socket);
        other.destroy();
      });
    }
  });
  server.listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));

  return {
    through(url) {
      const slow = new URL(url);
      slow.host = `127.0.0.1:${portOf(server.address())}`;
      return slow.href;
    },
    close() {
      server.close();
      for (const socket of open) socket.destroy();
    },
  };
}

function createDelay(delayMs: number, deliver: (bytes: Buffer) => void): (bytes: Buffer) => void {
  const countStatements = createStatementCounter();
  let freeAtMs = 0;
  return (bytes) => {
    const nowMs = performance.now();
    freeAtMs = Math.max(nowMs, freeAtMs) + Math.max(1, countStatements(bytes)) * delayMs;
    // In their order: each is due `delayMs` after the one before at least.
    setTimeout(() => deliver(bytes), freeAtMs - nowMs);
  };
}

function portOf(address: AddressInfo | string | null): number {
  if (address === null || typeof address === "string") throw new Error("the proxy does not listen on a port");
  return address.port;
}
