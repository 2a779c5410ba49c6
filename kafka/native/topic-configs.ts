// The settings that topics have on the broker, read through the add-on: the npm package has no call for it.
import { dlopen, ptr } from "bun:ffi";
import type { ClientSettings } from "../binding.ts";
import { kafkaAddonPath, loadKafkaClient } from "./load.ts";

export interface TopicConfigs {
  /** By topic, then by setting (`retention.ms`). */
  readonly settings: ReadonlyMap<string, ReadonlyMap<string, string>>;
  /** Topics that could not be read, with the reason: no permission, gone. */
  readonly unreadable: ReadonlyMap<string, string>;
}

export type TopicConfigsResult =
  | { readonly ok: true; readonly value: TopicConfigs }
  /** `code` is librdkafka's; -185 when no broker answered in time. */
  | { readonly ok: false; readonly code: number };

const errorTextBytes = 512;
const pollEveryMs = 5;
let library: ReturnType<typeof openLibrary> | undefined;

/** Throws when a setting is not valid. */
export async function describeTopicConfigs(
  settings: ClientSettings,
  topics: readonly string[],
  timeoutMs: number,
): Promise<TopicConfigsResult> {
  library ??= openLibrary();
  const native = library.symbols;
  const entries = Object.entries(settings);
  const error = Buffer.alloc(errorTextBytes);
  const handle = native.orderwire_describe_open(
    fields(entries.flatMap(([name, value]) => [name, String(value)])),
    entries.length,
    fields(topics),
    topics.length,
    timeoutMs,
    ptr(error),
    errorTextBytes,
  );
  if (handle === null)
    throw new Error(`Kafka settings are not valid: ${error.toString("utf8", 0, error.indexOf(0))}`);
  try {
    while (native.orderwire_describe_poll(handle) === 0) await Bun.sleep(pollEveryMs);
    const code = native.orderwire_describe_error(handle);
    if (code !== 0) return { ok: false, code };
    const size = Number(native.orderwire_describe_read(handle, null, 0));
    const answer = Buffer.alloc(size + 1);
    native.orderwire_describe_read(handle, ptr(answer), size);
    return { ok: true, value: readAnswer(answer.toString("utf8", 0, size)) };
  } finally {
    native.orderwire_describe_close(handle);
  }
}

function readAnswer(answer: string): TopicConfigs {
  const settings = new Map<string, Map<string, string>>();
  const unreadable = new Map<string, string>();
  const parts = answer.split("\0");
  for (let at = 0; at + 2 < parts.length; at += 3) {
    const [topic = "", name = "", value = ""] = parts.slice(at, at + 3);
    if (name === "") {
      unreadable.set(topic, value);
      continue;
    }
    const ofTopic = settings.get(topic) ?? new Map<string, string>();
    settings.set(topic, ofTopic.set(name, value));
  }
  return { settings, unreadable };
}

function fields(values: readonly string[]): Buffer {
  for (const value of values) {
    if (value.includes("\0")) throw new Error("Kafka settings and topic names must not contain NUL");
  }
  return Buffer.from(values.map((value) => `${value}\0`).join("") + "\0");
}

function openLibrary() {
  // First through the package: see mock-cluster.ts.
  loadKafkaClient();
  return dlopen(kafkaAddonPath(), {
    orderwire_describe_open: { args: ["ptr", "i32", "ptr", "i32", "i32", "ptr", "u64"], returns: "ptr" },
    orderwire_describe_poll: { args: ["ptr"], returns: "i32" },
    orderwire_describe_error: { args: ["ptr"], returns: "i32" },
    orderwire_describe_read: { args: ["ptr", "ptr", "u64"], returns: "u64" },
    orderwire_describe_close: { args: ["ptr"], returns: "void" },
  });
}
