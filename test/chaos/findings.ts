// What a checker found to be off, gathered by kind: a sentence for each, with how often and the first few it is about.

export const findingKinds = [
  "lost",
  "double effect",
  "inversion",
  "dead letter",
  "attempts",
  "client",
  "saga",
  "schedule",
  "expectation",
] as const;
export type FindingKind = (typeof findingKinds)[number];

export interface Finding {
  readonly kind: FindingKind;
  readonly what: string;
  readonly count: number;
  /** The first few. */
  readonly ids: readonly string[];
}

export interface Findings {
  add(kind: FindingKind, what: string, id: string): void;
  all(): readonly Finding[];
}

const kept = 5;

export function createFindings(): Findings {
  const found = new Map<string, { kind: FindingKind; what: string; count: number; ids: string[] }>();
  return {
    add(kind, what, id) {
      const finding = found.get(what) ?? { kind, what, count: 0, ids: [] };
      finding.count += 1;
      if (finding.ids.length < kept) finding.ids.push(id);
      found.set(what, finding);
    },
    all: () => [...found.values()],
  };
}

export function describeFinding({ kind, what, count, ids }: Finding): string {
  return `${kind}: ${count} × ${what}: ${ids.join(", ")}`;
}
