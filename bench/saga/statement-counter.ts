// Counts the statements in what a PostgreSQL client sends: its Query and Execute messages, however the bytes are cut.

const startupHeaderLength = 8;
const headerLength = 5;
/** Asks for TLS or GSS; the startup message follows, which like this one has no type. */
const encryptionRequests: readonly number[] = [80_877_103, 80_877_104];
const query = "Q".charCodeAt(0);
const execute = "E".charCodeAt(0);

export function createStatementCounter(): (bytes: Buffer) => number {
  let hasStarted = false;
  let header: Buffer = Buffer.alloc(0);
  let bodyLeft = 0;

  return (bytes) => {
    const buffer = header.length === 0 ? bytes : Buffer.concat([header, bytes]);
    header = Buffer.alloc(0);
    let count = 0;
    let at = 0;
    while (at < buffer.length) {
      const body = Math.min(bodyLeft, buffer.length - at);
      at += body;
      bodyLeft -= body;
      if (at === buffer.length) break;
      const length = hasStarted ? headerLength : startupHeaderLength;
      if (buffer.length - at < length) {
        header = buffer.subarray(at);
        break;
      }
      if (hasStarted) {
        const type = buffer[at];
        if (type === query || type === execute) count += 1;
        bodyLeft = buffer.readInt32BE(at + 1) - 4;
      } else {
        hasStarted = !encryptionRequests.includes(buffer.readInt32BE(at + 4));
        bodyLeft = buffer.readInt32BE(at) - startupHeaderLength;
      }
      at += length;
    }
    return count;
  };
}
