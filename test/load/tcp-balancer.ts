// Promises a load balancer as Kubernetes has one: TCP connections go in turn to the instances whose `/health/serving` says
// yes, asked in a fixed rhythm. It knows no requests and repeats none; a connection stays where it was put.
import { connect, createServer, type Socket } from "node:net";

export interface TcpBalancer {
  /** `http://127.0.0.1:<port>` */
  readonly url: string;
  /** Connections that found no instance to go to. */
  readonly refused: number;
  /** Resolves when an instance has been put in or taken out of rotation. */
  untilServing(url: string, serving: boolean): Promise<void>;
  close(): Promise<void>;
}

export interface BalancerOptions {
  readonly instances: readonly string[];
  /** Time between two questions to an instance. */
  readonly probeEveryMs: number;
}

export async function openTcpBalancer({ instances, probeEveryMs }: BalancerOptions): Promise<TcpBalancer> {
  const serving = new Set<string>();
  const sockets = new Set<Socket>();
  let turn = 0;
  let refused = 0;
  let closed = false;

  async function watch(url: string): Promise<void> {
    while (!closed) {
      const well = await fetch(`${url}/health/serving`, { signal: AbortSignal.timeout(1000) }).then(
        ({ ok }) => ok,
        () => false,
      );
      if (well) serving.add(url);
      else serving.delete(url);
      await Bun.sleep(probeEveryMs);
    }
  }
  const watches = instances.map(watch);

  const server = createServer((client) => {
    const chosen = [...serving][turn++ % Math.max(1, serving.size)];
    if (chosen === undefined) {
      refused += 1;
      client.destroy();
      return;
    }
    const { hostname, port } = new URL(chosen);
    const instance = connect(Number(port), hostname);
    for (const [one, other] of [
      [client, instance],
      [instance, client],
    ] as const) {
      sockets.add(one);
      one.setNoDelay(true);
      one.on("data", (bytes) => other.write(bytes));
      one.on("end", () => other.end());
      one.on("error", () => other.destroy());
      one.on("close", () => {
        sockets.delete(one);
        other.end();
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;

  return {
    url: `http://127.0.0.1:${port}`,
    get refused() {
      return refused;
    },
    async untilServing(url, wanted) {
      while (serving.has(url) !== wanted) await Bun.sleep(20);
    },
    async close() {
      closed = true;
      server.close();
      for (const socket of sockets) socket.destroy();
      await Promise.all(watches);
    },
  };
}
