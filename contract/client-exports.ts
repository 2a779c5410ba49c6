// Everything that a program of somebody else needs of this contract: the entry of the package that `bun run client` makes.
export {
  createCartClient,
  createOrderClient,
  withIdempotencyKey,
  type CartClient,
  type ClientOptions,
  type OrderClient,
} from "./client.ts";
export { readContractError, type ContractErrorReport } from "./client-error.ts";
export type { ErrorCode, Outcome } from "./errors.ts";
