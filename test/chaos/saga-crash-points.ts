/** Before a batch is saved, with one half of an order saved, between store and publish, after the commit before the store knows. */
export const sagaCrashPoints = [
  "saga-before-save",
  "saga-between-halves",
  "saga-after-save",
  "saga-after-publish",
] as const;
