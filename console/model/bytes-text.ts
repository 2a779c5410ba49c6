// Bytes as people look at them.

/** Empty for what is not base64. */
export function bytesOfBase64(base64: string): Uint8Array<ArrayBuffer> {
  try {
    return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  } catch {
    return new Uint8Array();
  }
}

/** `ff fe 00`, at most `limit` bytes. */
export function hexLine(bytes: Uint8Array, limit: number): string {
  const shown = [...bytes.subarray(0, limit)].map((byte) => byte.toString(16).padStart(2, "0"));
  return shown.join(" ") + (bytes.length > limit ? " …" : "");
}

const rowLength = 16;

/** Offset, sixteen bytes, and what of them is ASCII; at most `limit` bytes. */
export function hexDump(bytes: Uint8Array, limit: number): string {
  const lines: string[] = [];
  for (let start = 0; start < Math.min(bytes.length, limit); start += rowLength) {
    const row = bytes.subarray(start, Math.min(start + rowLength, limit));
    const hex = [...row].map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
    const ascii = [...row].map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : "·"));
    lines.push(`${start.toString(16).padStart(6, "0")}  ${hex.padEnd(rowLength * 3)} ${ascii.join("")}`);
  }
  return lines.join("\n");
}
