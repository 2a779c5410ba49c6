// How each of Avro's primitive values lies in bytes, checked without reading it: no allocation, no exception, no step past
// the end. The building blocks of byte-check.ts.
import { isUtf8 } from "node:buffer";
import { numberBounds } from "./events.ts";

/** Answers the position after the value, or one of `faults`, which are negative. */
export type ByteCheck = (bytes: Buffer, position: number) => number;

export const faults = { truncated: -1, blockCount: -2, invalidValue: -3, nestedTooDeeply: -4 } as const;
const { truncated, invalidValue } = faults;

/** The value of the varint read last: a second result without an allocation, since nothing here is re-entrant. */
export let varint = 0;

/** Reads a zigzag varint of at most ten bytes into `varint`, within the bounds of a long. */
export function readLong(bytes: Buffer, start: number): number {
  const end = bytes.length;
  let position = start;
  let raw = 0;
  let scale = 1;
  for (;;) {
    if (position >= end) {
      return truncated;
    }
    const byte = bytes[position++] ?? 0;
    raw += (byte & 0x7f) * scale;
    if (byte < 0x80) {
      break;
    }
    if (position - start === 10) {
      return invalidValue;
    }
    scale *= 128;
  }
  // The first bit is the sign. A float holds every even raw value up to 2^54 and every odd one up to 2^53; the bounds are
  // within that and compared before anything is computed, so no rounding can bring a value back inside.
  if (((bytes[start] ?? 0) & 1) === 0) {
    varint = raw / 2;
    return raw <= 2 * numberBounds.maxLong ? position : invalidValue;
  }
  varint = -(raw + 1) / 2;
  return raw <= -2 * numberBounds.minLong - 1 ? position : invalidValue;
}

/** Reads a length into `varint` and answers where the content starts, when all of it is there. */
function readLength(bytes: Buffer, start: number): number {
  const position = readLong(bytes, start);
  if (position < 0) {
    return position;
  }
  if (varint < 0) {
    return invalidValue;
  }
  return varint <= bytes.length - position ? position : truncated;
}

function checkInt(bytes: Buffer, start: number): number {
  const position = readLong(bytes, start);
  return position >= 0 && (varint < numberBounds.minInt || varint > numberBounds.maxInt)
    ? invalidValue
    : position;
}

function checkBytes(bytes: Buffer, start: number): number {
  const position = readLength(bytes, start);
  return position < 0 ? position : position + varint;
}

export function checkString(bytes: Buffer, start: number): number {
  const position = readLength(bytes, start);
  if (position < 0) {
    return position;
  }
  const end = position + varint;
  // Most strings are short ASCII: a loop over them is cheaper than a call with a view of them.
  const asciiEnd = Math.min(end, position + 64);
  for (let index = position; index < asciiEnd; index++) {
    if ((bytes[index] ?? 0) >= 0x80) {
      return isUtf8(bytes.subarray(index, end)) ? end : invalidValue;
    }
  }
  return asciiEnd === end || isUtf8(bytes.subarray(asciiEnd, end)) ? end : invalidValue;
}

function checkBoolean(bytes: Buffer, position: number): number {
  if (position >= bytes.length) {
    return truncated;
  }
  return (bytes[position] ?? 0) <= 1 ? position + 1 : invalidValue;
}

/** NaN and the infinities are refused: all bits of the exponent are set. No amount is one of them, and JSON has none. */
function checkDouble(bytes: Buffer, position: number): number {
  if (position + 8 > bytes.length) {
    return truncated;
  }
  const infinite = ((bytes[position + 7] ?? 0) & 0x7f) === 0x7f && (bytes[position + 6] ?? 0) >= 0xf0;
  return infinite ? invalidValue : position + 8;
}

function checkFloat(bytes: Buffer, position: number): number {
  if (position + 4 > bytes.length) {
    return truncated;
  }
  const infinite = ((bytes[position + 3] ?? 0) & 0x7f) === 0x7f && (bytes[position + 2] ?? 0) >= 0x80;
  return infinite ? invalidValue : position + 4;
}

export function fixedCheck(size: number): ByteCheck {
  return (bytes, position) => (position + size <= bytes.length ? position + size : truncated);
}

export function indexCheck(size: number): ByteCheck {
  return (bytes, start) => {
    const position = readLong(bytes, start);
    return position >= 0 && (varint < 0 || varint >= size) ? invalidValue : position;
  };
}

export function primitiveCheck(typeName: string): ByteCheck {
  switch (typeName) {
    case "null":
      return (_bytes, position) => position;
    case "boolean":
      return checkBoolean;
    case "int":
      return checkInt;
    case "long":
      return readLong;
    case "float":
      return checkFloat;
    case "double":
      return checkDouble;
    case "bytes":
      return checkBytes;
    case "string":
      return checkString;
    default:
      throw new Error(`no byte check for the Avro type ${typeName}`);
  }
}
