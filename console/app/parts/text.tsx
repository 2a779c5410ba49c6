// Strangers' text on screen: always text, never longer than its place, and nothing in it invisible or turned round.
import { useState } from "react";
import { countText } from "../../model/time-text.ts";
import { cutText, visibleParts } from "../../model/visible-characters.ts";

interface VisibleProps {
  readonly text: string;
  readonly keepLines?: boolean;
}

/** One run of it, kept apart from the text around: its direction is its own. */
export function Visible({ text, keepLines = false }: VisibleProps) {
  const parts = visibleParts(text, { keepLines });
  const pieces = parts.map((part, index) =>
    part.kind === "plain" ? (
      part.text
    ) : (
      <span key={index} className="named-character" title={`${part.name}, ${part.about}`}>
        {part.name}
      </span>
    ),
  );
  return <bdi>{pieces}</bdi>;
}

/** For one line of a table: the rest is where the row leads. */
export function Short({ text, length = 200 }: { readonly text: string; readonly length?: number }) {
  const shown = cutText(text, length);
  return (
    <>
      <Visible text={shown.text} />
      {shown.cut ? "…" : ""}
    </>
  );
}

/** Cut until someone asks for the rest. */
export function Long({ text, length = 1500 }: { readonly text: string; readonly length?: number }) {
  const [whole, setWhole] = useState(false);
  const shown = cutText(text, length);
  if (!shown.cut || whole) return <Visible text={text} keepLines />;
  return (
    <>
      <Visible text={shown.text} keepLines />…{" "}
      <button type="button" className="quiet" onClick={() => setWhole(true)}>
        Show all {countText(text.length)} characters
      </button>
    </>
  );
}
