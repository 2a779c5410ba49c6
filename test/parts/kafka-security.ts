// Promises what a broker needs to ask its clients who they are: a certificate authority and a certificate made now, users with
// SCRAM passwords, and Kafka's own authorizer, which allows nothing that no ACL allows.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:tls";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runToEnd } from "./run-to-end.ts";

export interface KafkaSecurity {
  /** The certificate authority, for KAFKA_SSL_CA_FILE. */
  readonly caFile: string;
  /** For `--command-config` of Kafka's own tools, as the user `admin`. */
  readonly adminConfigFile: string;
  readonly passwordOf: (user: string) => string;
  readonly brokerSettings: (port: number, controllerPort: number) => Readonly<Record<string, string>>;
  /** For the storage tool: users are there from the first start. */
  readonly formatArguments: readonly string[];
  readonly isReady: (port: number) => Promise<boolean>;
  close(): void;
}

const mechanism = "SCRAM-SHA-512";
const superUser = "admin";

/** `users` beside `admin`, who may do everything. Needs openssl. */
export async function createKafkaSecurity(users: readonly string[]): Promise<KafkaSecurity> {
  const folder = mkdtempSync(join(tmpdir(), "orderwire-kafka-tls-"));
  const { caFile, brokerFile } = await makeCertificates(folder);
  const passwords = new Map(
    [superUser, ...users].map((user) => [user, `${user}-${crypto.randomUUID()}`] as const),
  );
  const passwordOf = (user: string) => {
    const password = passwords.get(user);
    if (password === undefined) throw new Error(`there is no user ${user}`);
    return password;
  };
  const login = `org.apache.kafka.common.security.scram.ScramLoginModule required username="${superUser}" password="${passwordOf(superUser)}";`;
  const trust = { "ssl.truststore.type": "PEM", "ssl.truststore.location": caFile };
  const adminConfigFile = join(folder, "admin.properties");
  const admin = {
    "security.protocol": "SASL_SSL",
    "sasl.mechanism": mechanism,
    "sasl.jaas.config": login,
    ...trust,
  };
  writeFileSync(
    adminConfigFile,
    Object.entries(admin)
      .map(([name, value]) => `${name}=${value}\n`)
      .join(""),
  );
  return {
    caFile,
    adminConfigFile,
    passwordOf,
    brokerSettings: (port, controllerPort) => ({
      listeners: `SASL_SSL://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
      "advertised.listeners": `SASL_SSL://127.0.0.1:${port}`,
      "listener.security.protocol.map": "SASL_SSL:SASL_SSL,CONTROLLER:PLAINTEXT",
      "inter.broker.listener.name": "SASL_SSL",
      "sasl.enabled.mechanisms": mechanism,
      "sasl.mechanism.inter.broker.protocol": mechanism,
      "listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config": login,
      "ssl.keystore.type": "PEM",
      "ssl.keystore.location": brokerFile,
      ...trust,
      "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
      // The controller's listener, on which broker and controller of this one process speak, has no users.
      "super.users": `User:${superUser};User:ANONYMOUS`,
      "allow.everyone.if.no.acl.found": "false",
    }),
    formatArguments: [...passwords].flatMap(([name, password]) => [
      "--add-scram",
      `${mechanism}=[name=${name},password=${password}]`,
    ]),
    isReady: speaksTls,
    close: () => rmSync(folder, { recursive: true, force: true }),
  };
}

async function makeCertificates(folder: string) {
  const at = (name: string) => join(folder, name);
  const [caKey, caFile, key, cert] = [at("ca.key"), at("ca.pem"), at("broker.key"), at("broker.pem")];
  const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1"];
  await runToEnd([
    "openssl",
    "req",
    "-x509",
    ...curve,
    "-subj",
    "/CN=test CA",
    "-keyout",
    caKey,
    "-out",
    caFile,
  ]);
  const signed = ["-x509", "-CA", caFile, "-CAkey", caKey, "-subj", "/CN=broker"];
  const names = ["-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost"];
  await runToEnd(["openssl", "req", ...signed, ...curve, ...names, "-keyout", key, "-out", cert]);
  const brokerFile = at("broker-with-key.pem");
  writeFileSync(brokerFile, (await Bun.file(key).text()) + (await Bun.file(cert).text()), { mode: 0o600 });
  return { caFile, brokerFile };
}

/** The port opens when the broker may serve. */
function speaksTls(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: "127.0.0.1", port, rejectUnauthorized: false });
    const answer = (is: boolean) => () => {
      socket.destroy();
      resolve(is);
    };
    socket.once("secureConnect", answer(true));
    socket.once("error", answer(false));
  });
}
