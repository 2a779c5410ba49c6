// Promises the ends of partitions as the broker tells them now, in Kafka's own protocol on a connection of its own: asking
// is cheap enough to be done many times a second, and needs no thread of a client while the broker is away.
import { connect, type Socket } from "node:net";

export interface BrokerEnds {
  /** `topic/partition` → the offset of the next record to be written. Rejects when the broker does not answer within a second. */
  read(): Promise<ReadonlyMap<string, number>>;
  close(): void;
}

const listOffsetsKey = 2;
const listOffsetsVersion = 1;
const latest = -1n;
const answerWithinMs = 1000;

export function createBrokerEnds(brokers: string, topics: readonly string[], partitions: number): BrokerEnds {
  const [host = "", port = ""] = brokers.split(":");
  const request = listOffsets(topics, partitions);
  let socket: Socket | undefined;
  let turn: Promise<unknown> = Promise.resolve();

  function open(): Promise<Socket> {
    return new Promise((resolve, reject) => {
      const opened = connect(Number(port), host, () => resolve(opened));
      opened.setTimeout(answerWithinMs, () => opened.destroy());
      opened.once("error", reject);
      opened.once("close", () => reject(new Error("the broker closed the connection")));
      opened.on("error", () => undefined);
    });
  }

  function ask(on: Socket): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      let received = Buffer.alloc(0);
      const settle = () => {
        clearTimeout(timer);
        on.off("data", onData);
        on.off("close", onClose);
      };
      const onClose = () => {
        settle();
        reject(new Error("the broker closed the connection"));
      };
      const timer = setTimeout(() => {
        settle();
        on.destroy();
        reject(new Error("the broker did not answer in time"));
      }, answerWithinMs);
      const onData = (chunk: Buffer) => {
        received = Buffer.concat([received, chunk]);
        if (received.length < 4 || received.length < 4 + received.readInt32BE(0)) return;
        settle();
        resolve(received);
      };
      on.on("data", onData);
      on.on("close", onClose);
      on.write(request);
    });
  }

  async function readOnce(): Promise<ReadonlyMap<string, number>> {
    socket = socket === undefined || socket.destroyed ? await open() : socket;
    return readEnds(await ask(socket));
  }

  return {
    read() {
      const answer = turn.then(readOnce);
      turn = answer.catch(() => undefined);
      return answer;
    },
    close: () => socket?.destroy(),
  };
}

/** ListOffsets v1, as a client: replica -1. */
function listOffsets(topics: readonly string[], partitions: number): Buffer {
  const body = Buffer.concat([
    int16(listOffsetsKey),
    int16(listOffsetsVersion),
    int32(1),
    text("orderwire-chaos"),
    int32(-1),
    int32(topics.length),
    ...topics.flatMap((topic) => [
      text(topic),
      int32(partitions),
      ...Array.from({ length: partitions }, (_, partition) => [int32(partition), int64(latest)]).flat(),
    ]),
  ]);
  return Buffer.concat([int32(body.length), body]);
}

function readEnds(answer: Buffer): ReadonlyMap<string, number> {
  const ends = new Map<string, number>();
  // Size and correlation id come first.
  let at = 8;
  const topics = answer.readInt32BE(at);
  at += 4;
  for (let topicsLeft = topics; topicsLeft > 0; topicsLeft -= 1) {
    const length = answer.readInt16BE(at);
    const topic = answer.toString("utf8", at + 2, at + 2 + length);
    at += 2 + length;
    const partitions = answer.readInt32BE(at);
    at += 4;
    for (let partitionsLeft = partitions; partitionsLeft > 0; partitionsLeft -= 1) {
      const partition = answer.readInt32BE(at);
      const code = answer.readInt16BE(at + 4);
      if (code !== 0) throw new Error(`the broker answers with code ${code} for ${topic}/${partition}`);
      ends.set(`${topic}/${partition}`, Number(answer.readBigInt64BE(at + 14)));
      at += 22;
    }
  }
  return ends;
}

function int16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeInt16BE(value);
  return bytes;
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

function int64(value: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(value);
  return bytes;
}

function text(value: string): Buffer {
  return Buffer.concat([int16(Buffer.byteLength(value)), Buffer.from(value)]);
}
