// A button for an order: where the role may not give it, it says so instead of failing later.
import type { ReactNode } from "react";
import type { Operation } from "../../../contract/access.ts";
import { useObjection } from "../data/access.ts";

interface PermittedButtonProps {
  readonly operation: Operation;
  readonly onClick: () => void;
  readonly className?: string;
  readonly children: ReactNode;
}

export function PermittedButton({ operation, onClick, className, children }: PermittedButtonProps) {
  const objection = useObjection(operation);
  return (
    <button
      type="button"
      className={className}
      disabled={objection !== undefined}
      title={objection}
      onClick={onClick}
    >
      {children}
    </button>
  );
}
