// `bun run dlq -- ls | count | show | groups | replay | discard | restore | jobs | items | wait | resume | audit | …`: see
// cli/dlq-arguments.ts. ORDER_URL is where order listens.
import { runDlq, type Terminal } from "../cli/dlq.ts";
import { createOrderClient } from "../contract/client.ts";

const url = process.env["ORDER_URL"] ?? "http://127.0.0.1:8001";
const words = process.argv.slice(2).filter((word, index) => index > 0 || word !== "--");
const plainTerminal: Terminal = {
  out: (text) => void process.stdout.write(`${text}\n`),
  tell: (text) => void process.stderr.write(`${text}\n`),
  sleep: (ms) => Bun.sleep(ms),
};
const terminal: Terminal = process.stderr.isTTY
  ? { ...plainTerminal, draw: (line) => void process.stderr.write(`\r\u001b[2K${line}`) }
  : plainTerminal;
process.exitCode = await runDlq(words, createOrderClient(url), terminal);
