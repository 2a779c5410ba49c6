// How the settings say who we are to the schema registry; credentials in its address count where these are not set.
import type { RegistryOptions } from "../schemas/registry.ts";
import type { Settings } from "./settings.ts";

export function registryAuth({
  SCHEMA_REGISTRY_USERNAME: username,
  SCHEMA_REGISTRY_PASSWORD: password,
}: Settings): Pick<RegistryOptions, "auth"> {
  return username === undefined || password === undefined ? {} : { auth: { username, password } };
}
