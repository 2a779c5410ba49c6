// A producer's records on their way out: what outgoing-records.c exports. A record is handed over with the addresses of its bytes,
// and what became of those that have come back is read from one block of numbers, so that no record costs an object.
import { dlopen, JSCallback, ptr } from "bun:ffi";
import type { RecordHeader } from "../record.ts";
import { kafkaAddonPath, loadKafkaClient } from "./load.ts";

export interface OutgoingRecords {
  /**
   * Queues copies of a record's bytes and answers 0, or the code of what librdkafka has against it: there is no report for
   * it then. The partitioner chooses; timestamp 0 means now.
   */
  put(record: PutRecord, timestampMs: number, id: number): number;
  /** Before the producer disconnects. No report comes afterwards, and nothing may be put. */
  close(): void;
}

export interface PutRecord {
  readonly topic: string;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  /** A header without a value is written as one with an empty value. */
  readonly headers: readonly RecordHeader[];
}

/** `id` is the one that the record was put with; an error code of 0 is an acknowledgement. Must not throw. */
export type OnReport = (id: number, errorCode: number, partition: number, offset: number) => void;

/** librdkafka's code for a name that no topic can have. */
const invalidTopicCode = -186;
const numbersOfReport = 4;
const usualHeaderBytes = 1024;
const usualHeaders = 16;

/** `clientName` is what the client was called when it connected. Once a client. Also delivers the client's events to its callbacks. */
export function openOutgoingRecords(clientName: string, onReport: OnReport): OutgoingRecords {
  library ??= openLibrary();
  const native = library.symbols;
  const wake = new JSCallback(readReports, { returns: "void", args: [] });
  const handle = native.orderwire_outgoing_open(Buffer.from(`${clientName}\0`), wake.ptr);
  if (handle === null) {
    wake.close();
    throw new Error(`there is no Kafka producer ${clientName} whose records can be handed over`);
  }
  const topicNumbers = new Map<string, number>();
  const headerNames = new Map<string, Buffer>();
  let reports = new Float64Array(256 * numbersOfReport);
  let headerBytes = Buffer.allocUnsafeSlow(usualHeaderBytes);
  let headerLengths = new Int32Array(2 * usualHeaders);
  let closed = false;

  function readReports(): void {
    if (closed) return;
    const count = native.orderwire_outgoing_poll(handle);
    if (count === 0) return;
    if (reports.length < count * numbersOfReport) reports = new Float64Array(count * numbersOfReport);
    const block = reports;
    native.orderwire_outgoing_read(handle, ptr(block));
    for (let at = 0; at < count * numbersOfReport; at += numbersOfReport) {
      onReport(block[at] ?? 0, block[at + 1] ?? 0, block[at + 2] ?? 0, block[at + 3] ?? 0);
    }
  }

  function topicNumber(topic: string): number {
    const known = topicNumbers.get(topic);
    if (known !== undefined) return known;
    const number = native.orderwire_outgoing_topic(handle, Buffer.from(`${topic}\0`));
    if (number >= 0) topicNumbers.set(topic, number);
    return number;
  }

  function nameBytes(name: string): Buffer {
    const known = headerNames.get(name);
    if (known !== undefined) return known;
    const bytes = Buffer.from(name);
    // Ours are two or three; those of a record that is published again are whatever somebody made up.
    if (headerNames.size < usualHeaders) headerNames.set(name, bytes);
    return bytes;
  }

  function layOut(headers: readonly RecordHeader[]): void {
    if (headers.length * 2 > headerLengths.length) headerLengths = new Int32Array(headers.length * 2);
    let end = 0;
    for (let index = 0; index < headers.length; index += 1) {
      const header = headers[index];
      if (header === undefined) continue;
      const name = nameBytes(header[0]);
      const value = header[1];
      const valueLength = value === null ? 0 : value.length;
      const needed = end + name.length + valueLength;
      if (needed > headerBytes.length) {
        const larger = Buffer.allocUnsafeSlow(needed * 2);
        larger.set(headerBytes.subarray(0, end));
        headerBytes = larger;
      }
      headerBytes.set(name, end);
      if (value !== null) headerBytes.set(value, end + name.length);
      headerLengths[2 * index] = name.length;
      headerLengths[2 * index + 1] = valueLength;
      end = needed;
    }
  }

  return {
    put({ topic, key, value, headers }, timestampMs, id) {
      const number = topicNumber(topic);
      if (number < 0) return invalidTopicCode;
      if (headers.length > 0) layOut(headers);
      return native.orderwire_outgoing_put(
        handle,
        number,
        value,
        value === null ? -1 : value.length,
        key,
        key === null ? -1 : key.length,
        headerLengths,
        headers.length,
        headerBytes,
        timestampMs,
        id,
      );
    },
    close() {
      if (closed) return;
      closed = true;
      native.orderwire_outgoing_close(handle);
      // Not while it runs: a report may be what has its listener close this.
      setImmediate(() => wake.close());
    },
  };
}

let library: ReturnType<typeof openLibrary> | undefined;

function openLibrary() {
  // First through the package: see mock-cluster.ts.
  loadKafkaClient();
  return dlopen(kafkaAddonPath(), {
    orderwire_outgoing_open: { args: ["ptr", "ptr"], returns: "ptr" },
    orderwire_outgoing_close: { args: ["ptr"], returns: "void" },
    orderwire_outgoing_topic: { args: ["ptr", "ptr"], returns: "i32" },
    orderwire_outgoing_put: {
      args: ["ptr", "i32", "ptr", "i32", "ptr", "i32", "ptr", "i32", "ptr", "f64", "f64"],
      returns: "i32",
    },
    orderwire_outgoing_poll: { args: ["ptr"], returns: "i32" },
    orderwire_outgoing_read: { args: ["ptr", "ptr"], returns: "void" },
  });
}
