// Promises one PostgreSQL server with an empty cluster of its own; a server that the system may run on 5432 is left alone.
import { chownSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findFreePort } from "./free-port.ts";
import { findPostgresBinaries } from "./machine.ts";
import { startPart, type Part } from "./part.ts";
import { runToEnd } from "./run-to-end.ts";
import { readUnprivilegedUser } from "./unprivileged-user.ts";

export interface PostgresPart extends Part {
  /** `postgres://…`, the value of DATABASE_URL; a superuser without a password, so tests may create databases. */
  readonly url: string;
}

export interface PostgresOptions {
  /**
   * Server settings on top of ours: `{ fsync: "on" }`. Ours turn off what only a power cut needs: a killed server still
   * finds every commit, because the kernel has it.
   */
  readonly settings?: Readonly<Record<string, string>>;
}

const superuser = "postgres";

export async function startPostgres(options: PostgresOptions = {}): Promise<PostgresPart> {
  const binaries = findPostgresBinaries();
  if (binaries === undefined) throw new Error("PostgreSQL was not found: install postgresql.");
  const user = await readUnprivilegedUser();
  const port = await findFreePort();
  const directory = mkdtempSync(join(tmpdir(), "orderwire-postgres-"));
  if (user !== undefined) chownSync(directory, user.uid, user.gid);
  const data = join(directory, "data");
  const asUser = user === undefined ? { cwd: directory } : { cwd: directory, user };
  const cluster = ["--no-sync", "--no-locale", "--encoding=UTF8", "--auth=trust", `--username=${superuser}`];
  await runToEnd([join(binaries, "initdb"), `--pgdata=${data}`, ...cluster], asUser);

  const settings = {
    listen_addresses: "127.0.0.1",
    port: String(port),
    // The default folder of the socket belongs to the system's own server.
    unix_socket_directories: "",
    max_connections: "200",
    fsync: "off",
    full_page_writes: "off",
    ...options.settings,
  };
  const part = await startPart({
    name: "PostgreSQL",
    directory,
    command: [
      join(binaries, "postgres"),
      "-D",
      data,
      ...Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]),
    ],
    ...(user === undefined ? {} : { user }),
    // SIGTERM would wait for every client to leave; SIGINT ends their sessions, as `systemctl stop` does on Debian.
    stopSignal: "SIGINT",
    closeSignal: "QUIT",
    async isReady() {
      const isReady = [join(binaries, "pg_isready"), "-h", "127.0.0.1", "-p", String(port), "-t", "1", "-q"];
      return (await Bun.spawn(isReady, { stdio: ["ignore", "ignore", "ignore"] }).exited) === 0;
    },
    readyWithinMs: 60_000,
  });
  return { ...part, url: `postgres://${superuser}@127.0.0.1:${port}/postgres` };
}
