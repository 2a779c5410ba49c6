// Where a record comes from, its key and its headers, in the order that they have on it.
import { useState, type ReactNode } from "react";
import type { LetterDetails } from "../data/told.ts";
import { bytesOfBase64, hexLine } from "../../model/bytes-text.ts";
import { counted } from "../../model/time-text.ts";
import { webAddress } from "../../model/web-address.ts";
import { CopyButton } from "../parts/copy-button.tsx";
import { Facts } from "../parts/facts.tsx";
import { Panel } from "../parts/panel.tsx";
import { Long, Short } from "../parts/text.tsx";

export function MessageFacts({ letter }: { readonly letter: LetterDetails }) {
  const {
    id,
    eventId,
    key,
    omitted,
    originalTopic,
    originalPartition,
    originalOffset,
    consumerGroup,
    trace,
  } = letter;
  return (
    <Panel title="Record">
      <Facts
        facts={[
          { name: "Id", value: <Copied text={id} what="id" /> },
          {
            name: "Place",
            value: <Copied text={`${originalTopic}/${originalPartition}:${originalOffset}`} what="place" />,
          },
          { name: "Consumer group", value: <Short text={consumerGroup} /> },
          { name: "Event id", value: eventId === null ? "none" : <Copied text={eventId} what="event id" /> },
          ...(trace === undefined ? [] : [{ name: "Trace", value: <Trace trace={trace} /> }]),
          ...(omitted.length === 0
            ? []
            : [
                {
                  name: "Left out",
                  value: `${omitted.join(", ")}: the letter had no room for it on its topic`,
                },
              ]),
          {
            name: "Key",
            value: key === null ? "none" : <Bytes text={key.text} base64={key.base64} what="key" />,
          },
        ]}
      />
    </Panel>
  );
}

/** A link only where somebody has said where traces are seen, and only into the web. */
function Trace({ trace: { id, url } }: { readonly trace: NonNullable<LetterDetails["trace"]> }) {
  const href = webAddress(url);
  return (
    <>
      <Copied text={id} what="trace id" />
      {href !== undefined && (
        <>
          {" "}
          <a href={href} target="_blank" rel="noreferrer">
            See the trace
          </a>
        </>
      )}
    </>
  );
}

const headersAtFirst = 50;

export function MessageHeaders({ letter: { headers } }: { readonly letter: LetterDetails }) {
  const [whole, setWhole] = useState(false);
  const shown = whole ? headers : headers.slice(0, headersAtFirst);
  return (
    <Panel
      title="Headers"
      aside={<span>{headers.length === 0 ? "none" : counted(headers.length, "header")}</span>}
    >
      {headers.length === 0 ? (
        <p className="panel-text">The record has no headers.</p>
      ) : (
        <table className="table headers">
          <thead>
            <tr>
              <th scope="col">Name</th>
              <th scope="col">Value</th>
            </tr>
          </thead>
          <tbody>
            {shown.map(({ name, text, base64 }, index) => (
              <tr key={index}>
                <th scope="row">
                  <Short text={name} length={120} />
                </th>
                <td>
                  {base64 === null ? (
                    <span className="absent">null</span>
                  ) : (
                    <Bytes text={text} base64={base64} what="value" />
                  )}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {shown.length < headers.length && (
        <button type="button" className="quiet" onClick={() => setWhole(true)}>
          Show all {headers.length} headers
        </button>
      )}
    </Panel>
  );
}

interface BytesProps {
  /** Null for what is not UTF-8. */
  readonly text: string | null;
  readonly base64: string;
  readonly what: string;
}

function Bytes({ text, base64, what }: BytesProps): ReactNode {
  if (text === "") return <span className="absent">empty</span>;
  if (text !== null) return <Copied text={text} what={what} />;
  return (
    <>
      <span className="absent">Not UTF-8:</span>{" "}
      <code className="wrap">{hexLine(bytesOfBase64(base64), 48)}</code>
    </>
  );
}

function Copied({ text, what }: { readonly text: string; readonly what: string }) {
  return (
    <span className="copied">
      <code className="wrap">
        <Long text={text} length={240} />
      </code>
      <CopyButton text={text} what={what} />
    </span>
  );
}
