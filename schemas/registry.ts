// The schema registry as a port, and the Confluent client behind it. Every answer is a value: what matters to callers is
// whether asking again can help, so a registry that is away is never mistaken for one that says "no such schema".
//
// Deep imports, because the package's index loads five cloud SDKs (440 ms instead of 80 ms).
import { RestError } from "@confluentinc/schemaregistry/dist/rest-error.js";
import {
  type SchemaInfo,
  SchemaRegistryClient,
} from "@confluentinc/schemaregistry/dist/schemaregistry-client.js";

export interface RegistryFailure {
  /**
   * `unavailable`: no answer, or one that says nothing about schemas; ask again later.
   * `missing`: the registry says that it has no such schema.
   * `refused`: the registry will not take this schema (incompatible, invalid, not allowed); an operator has to act.
   */
  readonly kind: "unavailable" | "missing" | "refused";
  /** One sentence for the operator; no address, no credentials. */
  readonly message: string;
}

export type RegistryOutcome<Value> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly failure: RegistryFailure };

export interface RegisteredSchema {
  readonly schemaType: "AVRO" | "JSON" | "PROTOBUF";
  readonly definition: string;
  /** Whether it needs other schemas of the registry to be complete. */
  readonly hasReferences: boolean;
}

/** No method rejects; every one answers within the deadline of the implementation. */
export interface SchemaRegistry {
  /** Id of an Avro schema under a subject: looked up, and registered when it is not there. The same schema has the same id. */
  idOf(subject: string, definition: string): Promise<RegistryOutcome<number>>;
  /** What an id stands for, whichever subject it was registered under. */
  schemaOf(schemaId: number): Promise<RegistryOutcome<RegisteredSchema>>;
}

/** What a registry knows of a subject beyond what services need: for people who look. As patient as `SchemaRegistry`. */
export interface SubjectVersions {
  /** Ascending; `missing` for a subject that was never registered. */
  versionsOf(subject: string): Promise<RegistryOutcome<readonly number[]>>;
  versionOf(
    subject: string,
    version: number,
  ): Promise<RegistryOutcome<RegisteredSchema & { readonly schemaId: number }>>;
}

export interface RegistryOptions {
  /** Base address, path included: Apicurio's Confluent API lies under `/apis/ccompat/v7`. May carry `user:password@`. */
  readonly url: string;
  /** HTTP basic authentication; wins over credentials in the address. */
  readonly auth?: { readonly username: string; readonly password: string };
  /** Deadline of one question; at least 1. */
  readonly timeoutMs: number;
}

/** What the implementations need of the package's clients, real and mock. */
export type RegistryClient = Pick<
  SchemaRegistryClient,
  "register" | "getId" | "getBySubjectAndId" | "getAllVersions" | "getSchemaMetadata"
>;

/** Opens no connection by itself. An invalid address throws: settings are checked before. */
export function createRegistry(options: RegistryOptions): SchemaRegistry & SubjectVersions {
  return registryOver(createRegistryClient(options), options.timeoutMs);
}

/** The package's client, for {@link askRegistry}. */
export function createRegistryClient({ url, auth, timeoutMs }: RegistryOptions): SchemaRegistryClient {
  const address = new URL(url);
  const { username, password } = auth ?? {
    username: decodeURIComponent(address.username),
    password: decodeURIComponent(address.password),
  };
  address.username = "";
  address.password = "";
  return new SchemaRegistryClient({
    baseURLs: [address.href.replace(/\/+$/, "")],
    // The client would retry inside while it holds a lock that every other question waits for; callers retry instead.
    maxRetries: 0,
    createAxiosDefaults: { timeout: timeoutMs, maxContentLength: 4 * 1024 * 1024, maxRedirects: 3 },
    ...(username === ""
      ? {}
      : { basicAuthCredentials: { credentialsSource: "USER_INFO", userInfo: `${username}:${password}` } }),
  });
}

/** A question's answer as a value, within the deadline. */
export async function askRegistry<Value>(
  timeoutMs: number,
  question: () => Promise<Value>,
): Promise<RegistryOutcome<Value>> {
  const deadline = Promise.withResolvers<never>();
  const timer = setTimeout(() => deadline.reject(new DeadlineExceeded()), timeoutMs);
  try {
    return { ok: true, value: await Promise.race([question(), deadline.promise]) };
  } catch (error) {
    return { ok: false, failure: describeFailure(error, timeoutMs) };
  } finally {
    clearTimeout(timer);
  }
}

/** The port over one of the package's clients. */
export function registryOver(client: RegistryClient, timeoutMs: number): SchemaRegistry & SubjectVersions {
  const ask = <Value>(question: () => Promise<Value>) => askRegistry(timeoutMs, question);

  return {
    async idOf(subject, definition) {
      const schema = { schemaType: "AVRO", schema: definition };
      // Looked up first: where schemas are registered by a pipeline, services may read but not write.
      const known = await ask(() => client.getId(subject, schema, true));
      if (known.ok || known.failure.kind !== "missing") {
        return known;
      }
      const registered = await ask(() => client.register(subject, schema, true));
      if (!registered.ok && registered.failure.kind === "missing") {
        return { ok: false, failure: { ...registered.failure, kind: "refused" } };
      }
      return registered;
    },

    async schemaOf(schemaId) {
      const found = await ask(() => client.getBySubjectAndId("", schemaId));
      if (!found.ok) {
        return found;
      }
      return { ok: true, value: registered(found.value) };
    },

    async versionsOf(subject) {
      const found = await ask(() => client.getAllVersions(subject));
      return found.ok ? { ok: true, value: found.value.toSorted((a, b) => a - b) } : found;
    },

    async versionOf(subject, version) {
      const found = await ask(() => client.getSchemaMetadata(subject, version, false));
      if (!found.ok) return found;
      const { id: schemaId } = found.value;
      if (schemaId !== undefined) return { ok: true, value: { ...registered(found.value), schemaId } };
      const message = "The schema registry did not tell the schema's id.";
      return { ok: false, failure: { kind: "unavailable", message } };
    },
  };
}

type Answered = Pick<SchemaInfo, "schemaType" | "schema" | "references">;

function registered({ schemaType, schema, references }: Answered): RegisteredSchema {
  return {
    schemaType: schemaType === "JSON" || schemaType === "PROTOBUF" ? schemaType : "AVRO",
    definition: schema,
    hasReferences: references !== undefined && references !== null && references.length > 0,
  };
}

class DeadlineExceeded extends Error {}

function describeFailure(error: unknown, timeoutMs: number): RegistryFailure {
  if (error instanceof RestError) {
    return describeAnswer(error);
  }
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  if (error instanceof DeadlineExceeded || code === "ECONNABORTED" || code === "ETIMEDOUT") {
    return { kind: "unavailable", message: `The schema registry did not answer within ${timeoutMs} ms.` };
  }
  const reason = code === "" ? "" : ` (${code})`;
  return { kind: "unavailable", message: `The schema registry cannot be reached${reason}.` };
}

/**
 * A 404 means "no such schema" only in the registry's own words (an error code of its 404xx family): a proxy's or another
 * service's 404 means that the address is wrong, and believing it would send every record to the dead letters.
 */
function describeAnswer({ status, errorCode, message }: RestError): RegistryFailure {
  if (status === 404) {
    return Math.floor(errorCode / 100) === 404
      ? { kind: "missing", message: "The schema registry has no such schema." }
      : {
          kind: "unavailable",
          message: "What answers (404) is no schema registry: check its address and path.",
        };
  }
  if (status === 409 || status === 422) {
    return {
      kind: "refused",
      message: `The schema registry refused the schema (${status}): ${oneLine(message)}`,
    };
  }
  if (status === 401 || status === 403) {
    return {
      kind: "refused",
      message: `The schema registry refused the request (${status}): check its credentials.`,
    };
  }
  return { kind: "unavailable", message: `The schema registry answered ${status}.` };
}

function oneLine(text: string): string {
  // oxlint-disable-next-line no-control-regex
  return text.replaceAll(/[\u0000-\u001f\u007f-\u009f]+/g, " ").slice(0, 300);
}
