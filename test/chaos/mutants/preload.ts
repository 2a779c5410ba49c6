// `MUTANT=name bun --preload test/chaos/mutants/preload.ts order/main.ts`: the modules of a mutant are rewritten when they are
// loaded, so the checkout stays as it is and nothing is copied. Without MUTANT nothing happens; an unknown one, or one whose
// text is not there, ends the process before the service begins.
import { join } from "node:path";
import { plugin } from "bun";
import { mutants } from "./catalogue.ts";
import { applyEdit, editsByFile } from "./mutant.ts";

const name = process.env["MUTANT"] ?? "";
if (name !== "") {
  const mutant = mutants.find((other) => other.name === name);
  if (mutant === undefined) throw new Error(`MUTANT: there is none that is called ${name}`);
  const checkout = join(import.meta.dirname, "..", "..", "..");
  plugin({
    name: "mutant",
    setup(build) {
      for (const [file, edits] of editsByFile(mutant)) {
        const path = join(checkout, file);
        const filter = new RegExp(`^${RegExp.escape(path)}$`);
        build.onLoad({ filter }, async () => {
          const source = await Bun.file(path).text();
          return { contents: edits.reduce(applyEdit, source), loader: "ts" };
        });
      }
    },
  });
}
