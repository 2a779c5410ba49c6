// System C's part of a run: gathers its lines for the account of sagas.
import type { RunSource } from "./check-run.ts";
import type { Findings } from "./findings.ts";
import type { RunFile, RunLines } from "./run-files.ts";
import { type AccountBalance, checkSagaAccount } from "./saga-account.ts";

/** How many orders it had. */
export async function checkSagas(source: RunSource, findings: Findings): Promise<number> {
  const all = async <File extends RunFile>(file: File): Promise<RunLines[File][]> =>
    await Array.fromAsync(source.read(file));
  const balances = await all("sagaBalances");
  const opened = new Map(balances.map(({ account, openedWith }) => [account, openedWith]));
  const of = (kind: "money" | "pieces"): ReadonlyMap<string, AccountBalance> =>
    new Map(balances.filter((balance) => balance.of === kind).map((balance) => [balance.account, balance]));
  const stored = await all("sagaStored");
  const faults = checkSagaAccount({
    orders: await all("sagaOrders"),
    payment: await all("sagaPayment"),
    stock: await all("sagaStock"),
    stored,
    answered: (await all("sagaAnswered")).map(({ orderId }) => orderId),
    letters: (await all("sagaLetters")).map(({ id }) => id),
    money: of("money"),
    pieces: of("pieces"),
    openedWith: (account) => opened.get(account) ?? 0,
  });
  for (const fault of faults) findings.add("saga", "system C's account", fault);
  return stored.length;
}
