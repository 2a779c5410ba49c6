import { describe, expect, test } from "bun:test";
import { createKeyRing, makeKey, openKeyRing, readKeys } from "./api-keys.ts";
import { createLogger } from "./logger.ts";
import { createTestClock } from "./test-clock.ts";

const silent = createLogger({ level: "error", format: "json", write: () => undefined });

function ringOf(text: string) {
  const read = readKeys(text);
  if (!read.ok) throw new Error(read.faults.join());
  return createKeyRing(read.keys);
}

describe("a key that was made", () => {
  const anna = makeKey("ops-anna", "operator");
  const otto = makeKey("otto", "viewer");

  test("is known by its line, with its name and role; the line does not have the key in it", () => {
    const ring = ringOf(`# ours\n${anna.line}\n\n${otto.line} # reads\n`);
    expect(ring.identify(anna.key)).toEqual({ name: "ops-anna", role: "operator" });
    expect(ring.identify(otto.key)).toEqual({ name: "otto", role: "viewer" });
    expect(anna.line).not.toContain(anna.key.slice(3, 20));
  });

  test("fits a header and a cookie, and is another one each time", () => {
    expect(anna.key).toMatch(/^ow_[A-Za-z0-9_-]{43}$/);
    expect(makeKey("ops-anna", "operator").key).not.toBe(anna.key);
  });

  test("is not known when a character is missing, added or another, and neither is its hash", () => {
    const ring = ringOf(anna.line);
    const hash = anna.line.split(":")[2] ?? "";
    const { key } = anna;
    for (const other of ["", key.slice(0, -1), `${key}x`, `${key} `, key.toUpperCase(), hash, otto.key]) {
      expect(ring.identify(other)).toBeUndefined();
    }
  });
});

describe("lines that are no keys", () => {
  const { line } = makeKey("a", "viewer");

  test.each([
    ["not a line", "line 1 is not name:role:hash, as `bun run keys` prints it"],
    [line.replace("viewer", "root"), "line 1 has no role of viewer, operator, admin"],
    [`${line}\n${line}`, "line 2 names 'a' once more"],
    [line.slice(0, -1), "line 1 is not name:role:hash, as `bun run keys` prints it"],
    [`a b${line}`, "line 1 is not name:role:hash, as `bun run keys` prints it"],
  ])("%p is a fault that does not show the line", (text, fault) => {
    expect(readKeys(text)).toEqual({ ok: false, faults: [fault] });
  });

  test("all at once", () => {
    expect(readKeys("x\ny\n")).toMatchObject({ faults: { length: 2 } });
  });
});

describe("the keys of a service", () => {
  const anna = makeKey("anna", "admin");
  const otto = makeKey("otto", "viewer");

  function openFile(text: string) {
    const file = { text };
    const clock = createTestClock();
    const readFile = () => {
      if (file.text === "gone") throw new Error("gone");
      return file.text;
    };
    const ring = openKeyRing({ inline: undefined, file: "keys", clock, logger: silent, readFile });
    return { file, clock, ring };
  }

  test("are none when neither a file nor a setting is given", () => {
    const nothing = { inline: undefined, file: undefined, clock: createTestClock(), logger: silent };
    expect(openKeyRing(nothing)).toBeUndefined();
  });

  test("may stand in the setting, separated by commas", () => {
    const inline = `${anna.line}, ${otto.line}`;
    const ring = openKeyRing({ inline, file: undefined, clock: createTestClock(), logger: silent });
    expect(ring?.identify(otto.key)).toEqual({ name: "otto", role: "viewer" });
  });

  test("are refused and added within five seconds of a change of their file, without a restart", () => {
    const { file, clock, ring } = openFile(anna.line);
    file.text = otto.line;
    expect(ring?.identify(anna.key)).toBeDefined();
    clock.advance(5000);
    expect(ring?.identify(anna.key)).toBeUndefined();
    expect(ring?.identify(otto.key)).toBeDefined();
    file.text = "# nobody";
    clock.advance(5000);
    expect(ring?.identify(otto.key)).toBeUndefined();
  });

  test("hold as they were read while their file is broken or gone", () => {
    const { file, clock, ring } = openFile(anna.line);
    for (const text of ["half a li", "gone", "gone"]) {
      file.text = text;
      clock.advance(5000);
      expect(ring?.identify(anna.key)).toBeDefined();
    }
    file.text = otto.line;
    clock.advance(5000);
    expect(ring?.identify(anna.key)).toBeUndefined();
  });

  test("are looked at no more after stop", () => {
    const { file, clock, ring } = openFile(anna.line);
    ring?.stop();
    file.text = otto.line;
    clock.advance(60_000);
    expect(ring?.identify(anna.key)).toBeDefined();
  });

  test("that cannot be read or are none stop the start with a sentence that says what to do", () => {
    expect(() => openFile("# none")).toThrow(
      "API_KEYS_FILE keys has no key in it: make one with `bun run keys",
    );
    expect(() => openFile("what")).toThrow("The API keys of keys cannot be used: line 1");
    const missing = { inline: undefined, file: "/nowhere/keys", clock: createTestClock(), logger: silent };
    expect(() => openKeyRing(missing)).toThrow("API_KEYS_FILE /nowhere/keys cannot be read");
  });
});
