// Statements of one connection that need no answer of each other are sent together: it works on them in the order in which they
// were sent, and nothing waits for this process to be told.

/** When all have ended; rejects as the first of them did that failed: what was sent after it fails because of it. */
export async function inOrder<Sent extends readonly unknown[] | []>(
  sent: Sent,
): Promise<{ -readonly [Place in keyof Sent]: Awaited<Sent[Place]> }> {
  await Promise.allSettled(sent);
  return Promise.all(sent);
}
