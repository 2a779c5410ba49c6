// Where the services listen, who may call them, and how much.
import { z } from "zod";
import { count, port } from "./setting-kinds.ts";

export const httpSettings = {
  HOST: z
    .string()
    .min(1)
    .default("127.0.0.1")
    .describe("Address that both services listen on; one that others can reach needs API keys"),
  CART_PORT: port(8000).describe("Port of cart; 0 takes a free one"),
  ORDER_PORT: port(8001).describe("Port of order; 0 takes a free one"),
  API_KEYS_FILE: z
    .string()
    .optional()
    .describe(
      "File of the API keys, made by `bun run keys`; with keys every request needs one, also on loopback",
    ),
  API_KEYS: z.string().optional().describe("The same lines as a setting, separated by commas"),
  ALLOWED_HOSTS: z
    .string()
    .regex(/^[^\s/:]+(,\s*[^\s/:]+)*$/, "must be host names without ports, separated by commas")
    .optional()
    .describe(
      "Names that the services may be called by, beside `localhost` and addresses. Default: none without API keys, any with them",
    ),
  ALLOWED_ORIGINS: z
    .string()
    .regex(
      /^https?:\/\/[^\s/,]+(,\s*https?:\/\/[^\s/,]+)*$/,
      "must be origins such as https://shop.example, separated by commas",
    )
    .optional()
    .describe("Origins whose pages may call the services (CORS). Default: none"),
  RATE_LIMIT_PER_SECOND: count(50_000, 1_000_000, 1).describe(
    "Requests a second that one API key, or without keys one address, may send; more are answered with 429",
  ),
  MAX_IN_FLIGHT: count(5000, 100_000, 1).describe(
    "Requests that a service answers at once; more are answered with 503",
  ),
  TLS_CERT_FILE: z
    .string()
    .optional()
    .describe("Certificate chain in PEM: with it and its key the services speak https and nothing else"),
  TLS_KEY_FILE: z.string().optional().describe("Its private key in PEM"),
};
