// What is true now, asked for when somebody looks: nothing is counted for it, so it costs nothing in between.

export interface GaugeSeries {
  readonly labels?: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface Gauge {
  readonly kind: "gauge";
  readonly name: string;
  readonly help: string;
  readonly labelNames: readonly string[];
  /** Empty for what cannot be told now. */
  readonly read: () => readonly GaugeSeries[] | Promise<readonly GaugeSeries[]>;
}

/** One number; undefined for one that cannot be told now. */
export function createGauge(
  name: string,
  help: string,
  read: () => number | boolean | undefined | Promise<number | undefined>,
): Gauge {
  return {
    kind: "gauge",
    name,
    help,
    labelNames: [],
    async read() {
      const value = await read();
      return value === undefined ? [] : [{ value: Number(value) }];
    },
  };
}

/** One number for each thing; labels from sets that the process knows, such as its topics and partitions. */
export function createGauges<Name extends string>(
  name: string,
  help: string,
  labelNames: readonly Name[],
  read: () => readonly { readonly labels: Readonly<Record<Name, string>>; readonly value: number }[],
): Gauge {
  return { kind: "gauge", name, help, labelNames, read };
}
