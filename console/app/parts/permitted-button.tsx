// A button for an order: where the role may not give it, it says so instead of failing later.
import type { ButtonHTMLAttributes } from "react";
import type { Operation } from "../../../contract/access.ts";
import { useObjection } from "../data/access.ts";

interface PermittedButtonProps extends Omit<ButtonHTMLAttributes<HTMLButtonElement>, "type"> {
  readonly operation: Operation;
}

export function PermittedButton({ operation, disabled = false, title, ...rest }: PermittedButtonProps) {
  const objection = useObjection(operation);
  return (
    <button
      {...rest}
      type="button"
      disabled={disabled || objection !== undefined}
      title={objection ?? title}
    />
  );
}
