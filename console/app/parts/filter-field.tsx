// One text that narrows a list down; it lives in the address, which follows when the typing pauses.
import { useEffect, useState } from "react";
import { Icon } from "./icon.tsx";

interface FilterFieldProps {
  readonly id: string;
  readonly label: string;
  readonly value: string;
  readonly onChange: (value: string, going?: { readonly replace?: boolean }) => void;
}

const pauseMs = 350;

export function FilterField({ id, label, value, onChange }: FilterFieldProps) {
  const [text, setText] = useState(value);
  useEffect(() => setText(value), [value]);
  useEffect(() => {
    if (text.trim() === value) return undefined;
    const timer = setTimeout(() => onChange(text.trim(), { replace: true }), pauseMs);
    return () => clearTimeout(timer);
  });
  return (
    <form
      className="search"
      role="search"
      onSubmit={(event) => {
        event.preventDefault();
        onChange(text.trim());
      }}
    >
      <label className="search-field">
        <span className="unseen">{label}</span>
        <Icon name="search" />
        <input
          id={id}
          type="search"
          value={text}
          placeholder={label}
          spellCheck={false}
          autoComplete="off"
          onChange={(event) => setText(event.target.value)}
        />
      </label>
    </form>
  );
}
