// A gate between a Kafka client and its broker, for tests: closed, it holds back one client's batches and whatever the client asks
// after the first of them, and lets batches through one at a time: a test decides what happens between two of them.
// Everything else passes as it comes.
import { connect, createServer, type Server, type Socket } from "node:net";
import { apiKeys } from "./embedded.ts";

export interface RequestGate {
  /** For the broker's `advertised.listeners` and for `bootstrap.servers`. */
  readonly address: string;
  /** Where connections go from now on. */
  setBroker(address: string): void;
  /** From the next batch on, requests of this client wait. */
  close(clientId: string): void;
  /** Batches that wait at the closed gate. */
  readonly waitingBatches: number;
  /** Lets requests through up to and with the next batch, and resolves when the broker has answered that one. */
  letBatchThrough(): Promise<void>;
  open(): void;
  end(): Promise<void>;
}

interface Frame {
  readonly bytes: Buffer;
  readonly isBatch: boolean;
  readonly correlationId: number;
  readonly broker: Socket;
  readonly onAnswer: Map<number, () => void>;
}

export async function openRequestGate(): Promise<RequestGate> {
  let brokerPort = 0;
  let heldClient: string | null = null;
  let holding = false;
  let waiting: Frame[] = [];
  const sockets = new Set<Socket>();

  const server = createServer((client) => {
    const broker = connect(brokerPort, "127.0.0.1");
    const onAnswer = new Map<number, () => void>();
    for (const socket of [client, broker]) {
      sockets.add(socket);
      socket.setNoDelay(true);
      socket.on("close", () => {
        sockets.delete(socket);
        client.destroy();
        broker.destroy();
      });
      // The close that follows says it.
      socket.on("error", () => undefined);
    }
    onFrames(client, (bytes) => {
      const request = readRequest(bytes);
      if (request.clientId === heldClient && request.isBatch) holding = true;
      if (request.clientId === heldClient && holding) waiting.push({ ...request, bytes, broker, onAnswer });
      else broker.write(bytes);
    });
    onFrames(broker, (bytes) => {
      client.write(bytes);
      onAnswer.get(bytes.readInt32BE(4))?.();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));

  return {
    address: `127.0.0.1:${portOf(server)}`,
    setBroker(address) {
      brokerPort = Number(address.split(":")[1]);
    },
    close(clientId) {
      heldClient = clientId;
    },
    get waitingBatches() {
      return waiting.filter(({ isBatch }) => isBatch).length;
    },
    letBatchThrough() {
      const index = waiting.findIndex(({ isBatch }) => isBatch);
      const batch = waiting[index];
      if (batch === undefined) throw new Error("No batch waits at the gate");
      const answered = new Promise<void>((resolve) => batch.onAnswer.set(batch.correlationId, resolve));
      for (const { bytes, broker } of waiting.splice(0, index + 1)) broker.write(bytes);
      return answered;
    },
    open() {
      heldClient = null;
      holding = false;
      for (const { bytes, broker } of waiting) broker.write(bytes);
      waiting = [];
    },
    async end() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const lengthBytes = 4;

/** Requests and answers alike: four bytes of length, then as many. A frame is given with its length. */
function onFrames(socket: Socket, onFrame: (bytes: Buffer) => void): void {
  let left = Buffer.alloc(0);
  socket.on("data", (bytes) => {
    left = Buffer.concat([left, typeof bytes === "string" ? Buffer.from(bytes) : bytes]);
    while (left.length >= lengthBytes) {
      const end = lengthBytes + left.readInt32BE(0);
      if (left.length < end) return;
      onFrame(left.subarray(0, end));
      left = left.subarray(end);
    }
  });
}

/** After the length: kind and version of the request, its number, and the client's name behind its own length. */
function readRequest(bytes: Buffer): { isBatch: boolean; correlationId: number; clientId: string } {
  const nameLength = Math.max(0, bytes.readInt16BE(12));
  return {
    isBatch: bytes.readInt16BE(4) === apiKeys.produce,
    correlationId: bytes.readInt32BE(8),
    clientId: bytes.toString("utf8", 14, 14 + nameLength),
  };
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The gate has no port");
  return address.port;
}
