// Puts a text on the clipboard, exactly as it is, and says that it did.
import { useEffect, useState } from "react";
import { Icon } from "./icon.tsx";

interface CopyButtonProps {
  readonly text: string;
  /** For `Copy order id`. */
  readonly what: string;
  readonly labelled?: boolean;
}

const saidForMs = 1600;

export function CopyButton({ text, what, labelled = false }: CopyButtonProps) {
  const [said, setSaid] = useState<"" | "Copied" | "Not copied">("");
  useEffect(() => {
    if (said === "") return undefined;
    const timer = setTimeout(() => setSaid(""), saidForMs);
    return () => clearTimeout(timer);
  }, [said]);
  const copy = () => {
    void copyText(text).then((copied) => setSaid(copied ? "Copied" : "Not copied"));
  };
  const label = `Copy ${what}`;
  return (
    <button type="button" className={labelled ? "" : "bare"} aria-label={label} title={label} onClick={copy}>
      <Icon name={said === "Copied" ? "up" : "copy"} />
      {labelled && <span>{said === "" ? label : said}</span>}
      <span className="unseen" role="status">
        {said}
      </span>
    </button>
  );
}

async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyBySelection(text);
  }
}

/** Over plain HTTP browsers have no clipboard for pages, but they still copy what is selected. */
function copyBySelection(text: string): boolean {
  const field = document.createElement("textarea");
  field.value = text;
  field.className = "unseen";
  const focused = document.activeElement;
  document.body.append(field);
  field.select();
  const copied = document.execCommand("copy");
  field.remove();
  if (focused instanceof HTMLElement) focused.focus();
  return copied;
}
