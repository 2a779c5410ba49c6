// Beside the button that sends an order: why this key may not.

export function NotAllowed({ objection }: { readonly objection: string | undefined }) {
  return objection === undefined ? null : <p className="not-allowed">{objection}</p>;
}
