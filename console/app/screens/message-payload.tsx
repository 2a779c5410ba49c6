// The value of a record: decoded with its schema, or its bytes and why they cannot be decoded. The exact bytes can be taken
// away in any case but one: when they were too large to be kept.
import { useMemo, useState } from "react";
import type { LetterDetails } from "../data/told.ts";
import { bytesOfBase64, hexDump } from "../../model/bytes-text.ts";
import { countText, sizeText } from "../../model/time-text.ts";
import { download } from "../data/download.ts";
import { CopyButton } from "../parts/copy-button.tsx";
import { Icon } from "../parts/icon.tsx";
import { JsonText } from "../parts/json-text.tsx";
import { Notice } from "../parts/notice.tsx";
import { Panel } from "../parts/panel.tsx";
import { Long } from "../parts/text.tsx";
import { SchemaName } from "./schema-name.tsx";

const dumpedAtFirst = 2048;

export function MessagePayload({ letter }: { readonly letter: LetterDetails }) {
  const { value, originalValue } = letter;
  const [hex, setHex] = useState(value.kind === "undecodable" || value.kind === "bytes");
  const schemaId = value.kind === "tombstone" ? null : value.schemaId;
  const aside = (
    <>
      <span>
        {schemaId === null ? "no schema id" : <SchemaName topic={letter.originalTopic} schemaId={schemaId} />}
        {letter.sizeBytes === null ? "" : `, ${sizeText(letter.sizeBytes)}`}
      </span>
      {value.kind === "decoded" && (
        <button type="button" aria-pressed={hex} onClick={() => setHex(!hex)}>
          {hex ? "Decoded" : "Bytes"}
        </button>
      )}
      {value.kind === "decoded" && <CopyButton text={JSON.stringify(value.event, null, 2)} what="payload" />}
      {originalValue !== null && (
        <button
          type="button"
          aria-label="Download the raw bytes"
          title="Download the raw bytes"
          onClick={() => download(new Blob([bytesOfBase64(originalValue)]), `${letter.id}.bin`)}
        >
          <Icon name="download" /> Raw
        </button>
      )}
    </>
  );
  return (
    <Panel title="Payload" aside={aside}>
      {value.kind === "undecodable" && (
        <p className="panel-text">
          <strong>The bytes cannot be decoded.</strong> <Long text={value.why} length={400} />
        </p>
      )}
      {value.kind === "bytes" && (
        <p className="panel-text">
          <strong>It was decoded when it failed.</strong> Its JSON was left out so that the dead letter fitted
          its topic; the bytes are whole.
        </p>
      )}
      {value.kind === "tombstone" && (
        <Notice kind="plain" icon="unknown" title="A tombstone: the record has no value" />
      )}
      {value.kind === "omitted" && (
        <Notice kind="plain" icon="unknown" title="The value was too large to be kept">
          <p>
            It had {sizeText(value.sizeBytes)}; its SHA-256 is <code className="wrap">{value.sha256}</code>.
            As long as the topic keeps it, it lies at {letter.originalTopic}/{letter.originalPartition}:
            {letter.originalOffset}.
          </p>
        </Notice>
      )}
      {value.kind === "decoded" && !hex && <JsonText value={value.event} />}
      {originalValue !== null && hex && <HexDump base64={originalValue} />}
    </Panel>
  );
}

function HexDump({ base64 }: { readonly base64: string }) {
  const [whole, setWhole] = useState(false);
  const bytes = useMemo(() => bytesOfBase64(base64), [base64]);
  if (bytes.length === 0) return <p className="panel-text">No bytes: the value is there and empty.</p>;
  const limit = whole ? bytes.length : dumpedAtFirst;
  return (
    <>
      <pre className="code hex" tabIndex={0}>
        {hexDump(bytes, limit)}
      </pre>
      {bytes.length > limit && (
        <button type="button" className="quiet" onClick={() => setWhole(true)}>
          Show all {countText(bytes.length)} bytes
        </button>
      )}
    </>
  );
}
