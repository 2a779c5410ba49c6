// Shutdown is start-up in reverse: whatever opens registers how it closes.

export interface Closing {
  /** Registers a step; steps run in the reverse order of their registration. */
  add(step: () => Promise<void> | void): void;
  /** Runs every step, also after one fails; then throws the first failure. */
  run(): Promise<void>;
}

export function createClosing(): Closing {
  const steps: (() => Promise<void> | void)[] = [];
  return {
    add(step) {
      steps.push(step);
    },
    async run() {
      const failures: unknown[] = [];
      for (let step = steps.pop(); step !== undefined; step = steps.pop()) {
        try {
          await step();
        } catch (error) {
          failures.push(error);
        }
      }
      if (failures.length > 0) throw failures[0];
    },
  };
}
