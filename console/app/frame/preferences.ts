// Theme and time zone: how things are shown, never what.
import type { TimeZone } from "../../model/time-text.ts";
import { createStored, useStored } from "./stored.ts";

export type Theme = "system" | "light" | "dark";

const themeChoice = createStored<Theme>("theme", (text) =>
  text === "light" || text === "dark" ? text : "system",
);
const zoneChoice = createStored<TimeZone>("zone", (text) => (text === "local" ? "local" : "utc"));

export function useTheme(): readonly [Theme, () => void] {
  const theme = useStored(themeChoice);
  const next = (): void => {
    const order = { system: "light", light: "dark", dark: "system" } as const;
    themeChoice.write(order[theme]);
    const { dataset } = document.documentElement;
    if (order[theme] === "system") delete dataset["theme"];
    else dataset["theme"] = order[theme];
  };
  return [theme, next];
}

export function useZone(): readonly [TimeZone, () => void] {
  const zone = useStored(zoneChoice);
  return [zone, () => zoneChoice.write(zone === "utc" ? "local" : "utc")];
}
