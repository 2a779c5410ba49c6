// librdkafka's mock cluster as JavaScript functions: what mock.c exports, called through bun:ffi.
import { dlopen, ptr } from "bun:ffi";
import { kafkaAddonPath, loadKafkaClient } from "./load.ts";

/** Functions that answer a number answer an error code, 0 for success. Broker -1 is every broker. */
export interface MockCluster {
  readonly bootstraps: string;
  createTopic(name: string, partitions: number, maxBytes: number, maxBatches: number): number;
  brokerDown(broker: number): number;
  brokerUp(broker: number): number;
  setRtt(broker: number, rttMs: number): number;
  pushErrors(apiKey: number, codes: readonly number[]): void;
  clearErrors(apiKey: number): void;
  setCoordinator(kind: "group" | "transaction", key: string, broker: number): number;
  errorText(code: number): string;
  /** Nothing of this object may be called afterwards. */
  close(): void;
}

const errorTextBytes = 512;
let library: ReturnType<typeof openLibrary> | undefined;

/** Throws when no cluster could be made: no loopback interface, no file descriptors left. */
export function openMockCluster(brokers: number, firstJoinDelayMs: number): MockCluster {
  library ??= openLibrary();
  const native = library.symbols;
  const error = Buffer.alloc(errorTextBytes);
  const handle = native.orderwire_mock_open(brokers, firstJoinDelayMs, ptr(error), errorTextBytes);
  if (handle === null)
    throw new Error(`The embedded cluster could not start: ${error.toString("utf8", 0, error.indexOf(0))}`);
  return {
    bootstraps: String(native.orderwire_mock_bootstraps(handle)),
    createTopic: (name, partitions, maxBytes, maxBatches) =>
      native.orderwire_mock_create_topic(handle, text(name), partitions, maxBytes, maxBatches),
    brokerDown: (broker) => native.orderwire_mock_broker_down(handle, broker),
    brokerUp: (broker) => native.orderwire_mock_broker_up(handle, broker),
    setRtt: (broker, rttMs) => native.orderwire_mock_set_rtt(handle, broker, rttMs),
    pushErrors(apiKey, codes) {
      if (codes.length > 0)
        native.orderwire_mock_push_errors(handle, apiKey, ptr(Int32Array.from(codes)), codes.length);
    },
    clearErrors: (apiKey) => native.orderwire_mock_clear_errors(handle, apiKey),
    setCoordinator: (kind, key, broker) =>
      native.orderwire_mock_set_coordinator(handle, text(kind), text(key), broker),
    errorText: (code) => String(native.orderwire_mock_error_text(code)),
    close: () => native.orderwire_mock_close(handle),
  };
}

/** The first libuv function that the add-on would call in Bun instead of its own, or an empty text: see compat.cc. */
export function foreignSymbol(): string {
  library ??= openLibrary();
  return String(library.symbols.orderwire_foreign_symbol());
}

/** How many persistent handles the package holds now, and those that wait to be given back: see handles.cc. */
export function handlesInUse(): number {
  library ??= openLibrary();
  return library.symbols.orderwire_handles_in_use();
}

function openLibrary() {
  // First through the package: an add-on registers itself when its file is opened for the first time, and Bun notices
  // that only when it is the one who opens it.
  loadKafkaClient();
  return dlopen(kafkaAddonPath(), {
    orderwire_mock_open: { args: ["i32", "i32", "ptr", "u64"], returns: "ptr" },
    orderwire_mock_bootstraps: { args: ["ptr"], returns: "cstring" },
    orderwire_mock_error_text: { args: ["i32"], returns: "cstring" },
    orderwire_mock_create_topic: { args: ["ptr", "ptr", "i32", "f64", "f64"], returns: "i32" },
    orderwire_mock_broker_down: { args: ["ptr", "i32"], returns: "i32" },
    orderwire_mock_broker_up: { args: ["ptr", "i32"], returns: "i32" },
    orderwire_mock_set_rtt: { args: ["ptr", "i32", "i32"], returns: "i32" },
    orderwire_mock_push_errors: { args: ["ptr", "i32", "ptr", "i32"], returns: "void" },
    orderwire_mock_clear_errors: { args: ["ptr", "i32"], returns: "void" },
    orderwire_mock_set_coordinator: { args: ["ptr", "ptr", "ptr", "i32"], returns: "i32" },
    orderwire_mock_close: { args: ["ptr"], returns: "void" },
    orderwire_foreign_symbol: { args: [], returns: "cstring" },
    orderwire_handles_in_use: { args: [], returns: "f64" },
  });
}

function text(value: string): Buffer {
  if (value.includes("\0")) throw new Error("A topic or group name must not contain NUL");
  return Buffer.from(`${value}\0`);
}
