// Why something is ordered. The audit keeps it, so there is no order without it.

export function ReasonField({ placeholder }: { readonly placeholder: string }) {
  return (
    <label className="field">
      <span>Reason, kept in the audit</span>
      <textarea name="reason" required maxLength={500} rows={3} placeholder={placeholder} />
    </label>
  );
}
