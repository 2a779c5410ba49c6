// `bun run bench`: all parts, one after another; `bun run bench -- <part> …` one of them; `-- show <file>` a kept result;
// `-- readme` the tables and plots of the READMEs, from the newest kept results.
import { runAll } from "./run-all.ts";
import { readCommand } from "./read-command.ts";
import { runPart } from "./run-part.ts";
import { readResult } from "./report/result-file.ts";
import { resultText } from "./report/result-text.ts";
import { writeReports } from "./report/reports.ts";

process.exitCode = await main();
// Whatever a client library still holds.
process.exit();

async function main(): Promise<number> {
  const command = readCommand(process.argv.slice(2));
  try {
    switch (command.kind) {
      case "usage":
        process.stderr.write(`${command.lines.join("\n")}\n`);
        return 1;
      case "show":
        process.stdout.write(`${resultText(await readResult(command.file))}\n`);
        return 0;
      case "readme":
        process.stdout.write(`${(await writeReports()).join("\n")}\n`);
        return 0;
      case "part":
        await runPart(command);
        return 0;
      case "all":
        return await runAll(command);
    }
  } catch (error) {
    process.stderr.write(`\n${error instanceof Error ? error.message : String(error)}\n`);
    return 1;
  }
}
