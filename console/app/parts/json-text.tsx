// JSON as people read it: indented, coloured by kind, long ones cut until someone asks. Built of text nodes only.
import { useMemo, useState } from "react";
import { countText } from "../../model/time-text.ts";
import { cutText } from "../../model/visible-characters.ts";
import { Visible } from "./text.tsx";

const shownAtFirst = 12_000;
// A name, a string, a number, a word, or what lies between them.
const token = /("(?:[^"\\]|\\.)*")(\s*:)?|(-?\d[\d.eE+-]*)|(true|false|null)|[^"\d\-tfn]+|./gs;

export function JsonText({ value }: { readonly value: unknown }) {
  const [whole, setWhole] = useState(false);
  const text = useMemo(() => JSON.stringify(value, null, 2) ?? "undefined", [value]);
  const shown = whole ? { text, cut: false } : cutText(text, shownAtFirst);
  return (
    <>
      <pre className="code" tabIndex={0}>
        {[...shown.text.matchAll(token)].map(([all, string, colon, number, word], index) => {
          const kind = kindOf({ string, colon, number, word });
          return (
            <span key={index} className={kind}>
              <Visible text={all} keepLines />
            </span>
          );
        })}
      </pre>
      {shown.cut && (
        <button type="button" className="quiet" onClick={() => setWhole(true)}>
          Show all {countText(text.length)} characters
        </button>
      )}
    </>
  );
}

function kindOf(found: Readonly<Record<"string" | "colon" | "number" | "word", string | undefined>>) {
  if (found.string !== undefined) return found.colon === undefined ? "json-string" : "json-name";
  if (found.number !== undefined) return "json-number";
  return found.word === undefined ? undefined : "json-word";
}
