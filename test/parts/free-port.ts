// Promises a TCP port on 127.0.0.1 that is free now, handed out once by this process, and that the kernel will not
// give to an outgoing connection: a part that is stopped for a minute must find its port free again, and with
// thousands of client connections an ephemeral port (32768 and up on Linux) would by then be somebody's source port.
import { createServer } from "node:net";

const lowestPort = 20_000;
const highestPort = 31_999;
const handedOut = new Set<number>();

export async function findFreePort(): Promise<number> {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    const port = lowestPort + Math.floor(Math.random() * (highestPort - lowestPort + 1));
    if (!handedOut.has(port) && (await canListen(port))) {
      handedOut.add(port);
      return port;
    }
  }
  throw new Error(`No free port was found between ${lowestPort} and ${highestPort} on 127.0.0.1.`);
}

function canListen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once("error", () => resolve(false));
    probe.listen({ port, host: "127.0.0.1", exclusive: true }, () => {
      probe.close(() => resolve(true));
    });
  });
}
