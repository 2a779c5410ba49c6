// Where this console is: the name that the service was given, else the host.
import { toneOf, type Tone } from "../../model/environment-tone.ts";

export function environment(): { readonly name: string; readonly tone: Tone } {
  const given = document.documentElement.dataset["environment"] ?? "";
  const name = given === "" ? location.host : given;
  return { name, tone: toneOf(name) };
}
