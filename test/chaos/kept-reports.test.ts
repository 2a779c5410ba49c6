import { expect, test } from "bun:test";
import { join } from "node:path";
import { wantedKeptReports } from "./kept-reports.ts";

const checkout = join(import.meta.dirname, "..", "..");

test("what READMEs say of the release run is exactly what the newest kept one says (bun run chaos -- readme)", async () => {
  for (const [file, text] of await wantedKeptReports())
    expect({ file, text: await Bun.file(join(checkout, file)).text() }).toEqual({ file, text });
});
