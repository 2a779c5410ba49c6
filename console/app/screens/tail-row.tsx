// One record of a topic: a line, and on demand everything that was told of it. All of it is strangers' text.
import { memo, useState } from "react";
import type { TailedRecord, TailedValue } from "../../../contract/topics.ts";
import { sagaOrderOf } from "../../model/saga-order.ts";
import { orderPath, sagaPath } from "../../model/screens.ts";
import { sizeText } from "../../model/time-text.ts";
import { Link } from "../frame/router.tsx";
import { Badge } from "../parts/badge.tsx";
import { JsonText } from "../parts/json-text.tsx";
import { Long, Short } from "../parts/text.tsx";
import { Instant } from "../parts/time.tsx";

export const TailRow = memo(function TailRow({ record }: { readonly record: TailedRecord }) {
  const [open, setOpen] = useState(false);
  const { partition, offset, at, key, value, headers, sizeBytes } = record;
  const sagaOrder = open ? sagaOrderOf(parsedValue(value)) : undefined;
  return (
    <li className="tail-row">
      <div className="tail-head">
        <button type="button" className="opener mono" aria-expanded={open} onClick={() => setOpen(!open)}>
          {partition}:{offset}
        </button>
        <span className="tail-time">
          {at === null ? <span className="absent">no time</span> : <Instant iso={at} />}
        </span>
        <span className="tail-key">
          {key === null ? <span className="absent">no key</span> : <Short text={key} length={60} />}
        </span>
        <Kind value={value} />
        <span className="tail-start mono">
          <Short text={startOf(value)} length={140} />
        </span>
        <span className="number">{value.kind === "tombstone" ? "–" : sizeText(sizeBytes)}</span>
      </div>
      {open && (
        <div className="tail-more">
          {value.kind === "text" || value.kind === "bytes" ? (
            <p className="panel-text">
              <Long text={value.why} length={300} />
            </p>
          ) : null}
          <Value value={value} />
          {headers.length > 0 && (
            <ul className="pairs mono">
              {headers.map(({ name, value: own }, index) => (
                <li key={index}>
                  <Short text={name} length={200} />:{" "}
                  {own === null ? "null" : <Short text={own} length={200} />}
                </li>
              ))}
            </ul>
          )}
          {key !== null && (
            <p>
              <Link href={sagaOrder === undefined ? orderPath(key) : sagaPath(sagaOrder)}>This order</Link>
            </p>
          )}
        </div>
      )}
    </li>
  );
});

function Kind({ value }: { readonly value: TailedValue }) {
  switch (value.kind) {
    case "decoded":
      return <Badge mood="ok" word={value.eventType} title={`Schema id ${value.schemaId}`} />;
    case "json":
      return <Badge mood="none" word="JSON" />;
    case "tombstone":
      return <Badge mood="none" word="tombstone" />;
    case "text":
      return <Badge mood="warn" word="text" />;
    case "bytes":
      return <Badge mood="warn" word="not decoded" />;
  }
}

function startOf(value: TailedValue): string {
  switch (value.kind) {
    case "decoded":
    case "json":
      return value.json;
    case "text":
      return value.text;
    case "bytes":
      return value.base64;
    case "tombstone":
      return "";
  }
}

function parsedValue(value: TailedValue): unknown {
  return value.kind === "decoded" || value.kind === "json" ? parsedOf(value.json, value.cut) : undefined;
}

function Value({ value }: { readonly value: TailedValue }) {
  if (value.kind === "tombstone") return <p className="panel-text">It has no value.</p>;
  const parsed = parsedValue(value);
  return (
    <>
      {parsed === undefined ? (
        <pre className="code" tabIndex={0}>
          <Long text={startOf(value)} length={2000} />
        </pre>
      ) : (
        <JsonText value={parsed} />
      )}
      {value.cut && <p className="panel-text">This is its start: the rest is not sent for a look.</p>}
    </>
  );
}

/** What was cut is no JSON any more. */
function parsedOf(json: string, cut: boolean): unknown {
  if (cut) return undefined;
  try {
    const value: unknown = JSON.parse(json);
    return value;
  } catch {
    return undefined;
  }
}
