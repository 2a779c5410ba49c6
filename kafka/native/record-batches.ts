// A consumer's queued records, taken by the batch and without waiting: what record-batches.c exports, as records. All
// bytes of a batch are in one buffer, of which the records' are views: whoever keeps a record for long copies it.
import { dlopen, ptr } from "bun:ffi";
import type { NativeError } from "../binding.ts";
import type { KafkaRecord, RecordHeader } from "../record.ts";
import { kafkaAddonPath, loadKafkaClient } from "./load.ts";

export interface RecordBatch {
  readonly records: readonly KafkaRecord[];
  /** What was queued among the records; the first one, when there were several. */
  readonly error: NativeError | null;
}

export interface RecordBatches {
  /** What is queued now, at most `limit` records. Also delivers the client's events to its callbacks. */
  take(limit: number): RecordBatch;
  /** Before the consumer disconnects. Nothing may be taken afterwards. */
  close(): void;
}

const empty: readonly KafkaRecord[] = [];
const noHeaders: readonly RecordHeader[] = [];
/** A record with one header has 11. */
const usualWords = 16;
let library: ReturnType<typeof openLibrary> | undefined;

/** `clientName` is what the client was called when it connected. Once a client; `maxBatchSize` bounds every `limit`. */
export function openRecordBatches(clientName: string, maxBatchSize: number): RecordBatches {
  library ??= openLibrary();
  const native = library.symbols;
  const handle = native.orderwire_batches_open(Buffer.from(`${clientName}\0`), maxBatchSize);
  if (handle === null) throw new Error(`there is no Kafka consumer ${clientName} whose records can be taken`);
  const topics: string[] = [];
  const headerNames: string[] = [];
  const taken = new Float64Array(4);
  const usualBlock = new Int32Array(maxBatchSize * usualWords);

  const topicOf = (number: number) =>
    (topics[number] ??= String(native.orderwire_batches_topic(handle, number)));
  const headerNameOf = (number: number) =>
    (headerNames[number] ??= String(native.orderwire_batches_header_name(handle, number)));

  function readRecords(count: number, words: Int32Array, bytes: Buffer): KafkaRecord[] {
    const records: KafkaRecord[] = [];
    let at = 0;
    let position = 0;

    const word = () => words[at++] ?? 0;
    function int64(): number {
      const high = word();
      return high * 2 ** 32 + (word() >>> 0);
    }
    function view(length: number): Buffer | null {
      if (length < 0) return null;
      const start = position;
      position += length;
      return bytes.subarray(start, position);
    }
    function readHeader(): RecordHeader {
      const number = word();
      const name = number >= 0 ? headerNameOf(number) : (view(-1 - number)?.toString("utf8") ?? "");
      return [name, view(word())];
    }
    function readHeaders(count: number): readonly RecordHeader[] {
      if (count === 0) return noHeaders;
      const headers: RecordHeader[] = [];
      for (let left = count; left > 0; left -= 1) headers.push(readHeader());
      return headers;
    }

    for (let left = count; left > 0; left -= 1) {
      const topic = topicOf(word());
      const partition = word();
      const offset = int64();
      const timestamp = int64();
      const keyLength = word();
      const valueLength = word();
      const headerCount = word();
      const key = view(keyLength);
      const value = view(valueLength);
      const headers = readHeaders(headerCount);
      records.push({
        topic,
        partition,
        offset,
        timestampMs: timestamp >= 0 ? timestamp : null,
        key,
        value,
        headers,
      });
    }
    return records;
  }

  return {
    take(limit) {
      native.orderwire_batches_take(handle, limit, ptr(taken));
      const [count = 0, wordCount = 0, byteCount = 0, errorCode = 0] = taken;
      const error =
        errorCode === 0
          ? null
          : { code: errorCode, message: String(native.orderwire_batches_error_text(errorCode)) };
      if (count === 0) return { records: empty, error };
      const words = wordCount <= usualBlock.length ? usualBlock : new Int32Array(wordCount);
      // Its own memory and not a part of Bun's pool, so that it goes when its records have gone.
      const bytes = Buffer.allocUnsafeSlow(Math.max(1, byteCount));
      native.orderwire_batches_read(handle, ptr(words), ptr(bytes));
      return { records: readRecords(count, words, bytes), error };
    },
    close: () => native.orderwire_batches_close(handle),
  };
}

function openLibrary() {
  // First through the package: see mock-cluster.ts.
  loadKafkaClient();
  return dlopen(kafkaAddonPath(), {
    orderwire_batches_open: { args: ["ptr", "i32"], returns: "ptr" },
    orderwire_batches_take: { args: ["ptr", "i32", "ptr"], returns: "void" },
    orderwire_batches_read: { args: ["ptr", "ptr", "ptr"], returns: "void" },
    orderwire_batches_topic: { args: ["ptr", "i32"], returns: "cstring" },
    orderwire_batches_header_name: { args: ["ptr", "i32"], returns: "cstring" },
    orderwire_batches_error_text: { args: ["i32"], returns: "cstring" },
    orderwire_batches_close: { args: ["ptr"], returns: "void" },
  });
}
