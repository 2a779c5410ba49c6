// Promises to ask a broker, in Kafka's own protocol, which brokers serve the cluster. Written out by hand because it is
// 40 bytes each way and the harness must run before the native client is built.
import { connect } from "node:net";

const metadataApiKey = 3;
const metadataVersion = 1;
const answerWithinMs = 1_000;

/**
 * How many brokers the cluster counts as alive. A fenced broker (starting, or not yet heard by the controller) answers
 * too, with 0: only from 1 on will producing and consuming work.
 */
export function countLiveBrokers(port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: "127.0.0.1", port });
    let received = Buffer.alloc(0);
    const giveUp = (reason: string) => {
      socket.destroy();
      reject(new Error(reason));
    };
    socket.setTimeout(answerWithinMs, () => giveUp("The broker did not answer in time."));
    socket.once("error", (error) => giveUp(error.message));
    socket.once("close", () => giveUp("The broker closed the connection."));
    socket.once("connect", () => socket.write(metadataRequest()));
    socket.on("data", (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      // Size, correlation id, then the brokers as an array whose length comes first.
      if (received.length < 12) return;
      resolve(received.readInt32BE(8));
      socket.destroy();
    });
  });
}

/** Metadata v1 for no topic at all: brokers only. */
function metadataRequest(): Buffer {
  const clientId = Buffer.from("orderwire-harness");
  const request = Buffer.alloc(4 + 2 + 2 + 4 + 2 + clientId.length + 4);
  let at = request.writeInt32BE(request.length - 4, 0);
  at = request.writeInt16BE(metadataApiKey, at);
  at = request.writeInt16BE(metadataVersion, at);
  at = request.writeInt32BE(1, at);
  at = request.writeInt16BE(clientId.length, at);
  at += clientId.copy(request, at);
  request.writeInt32BE(0, at);
  return request;
}
