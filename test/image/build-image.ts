// Promises the image's file system in a folder, made by the Dockerfile's own steps on this machine: the build stage's
// copies and `bun` commands as they are written, the final stage's copies onto what its base image has of glibc.
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { copyCheckout } from "../copied-checkout.ts";
import { runToEnd } from "../parts/run-to-end.ts";
import { readDockerfile, readDockerignore, readWords, type Stage } from "./dockerfile.ts";

export interface BuiltImage {
  /** The root of its file system. */
  readonly root: string;
  readonly user: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly workingDirectory: string;
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
  remove(): void;
}

const checkout = join(import.meta.dirname, "..", "..");
const text = (file: string) => readFileSync(join(checkout, file), "utf8");

export async function buildImage(): Promise<BuiltImage> {
  const [build, final, ...others] = readDockerfile(text("Dockerfile"));
  if (build === undefined || final === undefined || others.length > 0) {
    throw new Error("the Dockerfile has other than two stages");
  }
  const folder = mkdtempSync(join(tmpdir(), "orderwire-image-"));
  const [work, root] = [join(folder, "build"), join(folder, "root")];
  try {
    await makeBase(root);
    await runBuildStage(build, work, join(root, "app"));
    return { ...readFinalStage(final), root, remove: () => rmSync(folder, { recursive: true, force: true }) };
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
}

/** What a base image of glibc and nothing else has, and Bun, which comes from its own image. */
async function makeBase(root: string): Promise<void> {
  for (const path of ["dev", "proc", "tmp", "etc", "usr/local/bin"])
    mkdirSync(join(root, path), { recursive: true });
  chmodSync(join(root, "tmp"), 0o1777);
  writeFileSync(join(root, "etc", "passwd"), "nonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin\n");
  cpSync(process.execPath, join(root, "usr/local/bin/bun"), { dereference: true });
  for (const [library] of (await runToEnd(["ldd", process.execPath])).matchAll(/\/\S+/g)) {
    mkdirSync(join(root, dirname(library)), { recursive: true });
    cpSync(library, join(root, library), { dereference: true });
  }
}

async function runBuildStage({ instructions }: Stage, work: string, output: string): Promise<void> {
  const context = copyCheckout();
  const isSent = readDockerignore(text(".dockerignore"));
  try {
    mkdirSync(work, { recursive: true });
    for (const { word, rest } of instructions) {
      if (word === "COPY" && !rest.startsWith("--from=")) copyInto(work, context.folder, isSent, rest);
      // The compiler is this machine's, Bun too.
      else if (word === "RUN" && !rest.startsWith("apt-get"))
        await runToEnd(["sh", "-c", rest.replace(/ \/app$/, ` ${output}`)], { cwd: work });
      else if (!["RUN", "COPY", "WORKDIR"].includes(word)) throw new Error(`${word} is not understood`);
    }
  } finally {
    context.remove();
  }
}

function copyInto(work: string, context: string, isSent: (file: string) => boolean, rest: string): void {
  const words = rest.split(" ");
  const target = words.pop() ?? "";
  for (const source of words) {
    const from = join(context, source);
    if (!existsSync(from)) throw new Error(`COPY ${rest}: ${source} is not there`);
    const into = target === "./" ? join(work, source) : join(work, target);
    cpSync(from, into, {
      recursive: true,
      filter: (path) => {
        const file = path.slice(context.length + 1);
        // Folders are made for what is in them.
        return file === "" || isFolder(path) || isSent(file);
      },
    });
  }
}

function isFolder(path: string): boolean {
  return existsSync(join(path, "."));
}

function readFinalStage({ instructions }: Stage): Omit<BuiltImage, "root" | "remove"> {
  const of = (wanted: string) => instructions.filter(({ word }) => word === wanted).map(({ rest }) => rest);
  const copies = ["--from=build /usr/local/bin/bun /usr/local/bin/bun", "--from=build /app /app"];
  if (of("COPY").join("\n") !== copies.join("\n")) throw new Error("the final stage copies something else");
  return {
    user: of("USER")[0] ?? "",
    environment: Object.fromEntries(
      of("ENV").map((line) => [line.split("=")[0] ?? "", line.slice(line.indexOf("=") + 1)]),
    ),
    workingDirectory: of("WORKDIR")[0] ?? "/",
    entrypoint: readWords(of("ENTRYPOINT")[0] ?? "[]"),
    command: readWords(of("CMD")[0] ?? "[]"),
  };
}
