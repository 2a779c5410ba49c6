import { expect, test } from "bun:test";
import { join } from "node:path";
import { wantedReports } from "./reports.ts";
import { checkout } from "./result-file.ts";

test("what READMEs claim and show is exactly what the newest kept results say (bun run bench -- readme)", async () => {
  for (const [file, wanted] of await wantedReports()) {
    expect({ file, text: await Bun.file(join(checkout, file)).text() }).toEqual({ file, text: wanted });
  }
});
