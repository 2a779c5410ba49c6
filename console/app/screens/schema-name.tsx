// The schema that a record was written with: its id, which is in the bytes, and which version of which subject the registry has
// under it. While the registry is away the id alone is told.
import { useQuery } from "@tanstack/react-query";
import { pathOf } from "../../model/screens.ts";
import { orderClient } from "../data/order-client.ts";
import { Link } from "../frame/router.tsx";

interface SchemaNameProps {
  readonly topic: string;
  readonly schemaId: number;
}

/** The newest are the likeliest, and nobody waits for more. */
const versionsAtMost = 20;

export function SchemaName({ topic, schemaId }: SchemaNameProps) {
  const { data } = useQuery({
    queryKey: ["schema-of", topic, schemaId],
    queryFn: ({ signal }) => findVersion({ topic, schemaId }, signal),
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
  });
  if (data === undefined || data === null) return <>schema {schemaId}</>;
  const address = new URLSearchParams({ view: "schemas", subject: data.subject });
  return (
    <>
      schema {schemaId},{" "}
      <Link href={`${pathOf({ screen: "live" })}?${address.toString()}`} title={data.subject}>
        version {data.version}
      </Link>
    </>
  );
}

/** Null when the topic's subjects do not have it. */
async function findVersion({ topic, schemaId }: SchemaNameProps, signal: AbortSignal) {
  const { subjects } = await orderClient.schemas.list.query(undefined, { signal });
  const candidates = subjects
    .filter((subject) => subject.topic === topic)
    .flatMap(({ subject, versions }) => versions.map((version) => ({ subject, version })))
    .toSorted((left, right) => right.version - left.version);
  for (const candidate of candidates.slice(0, versionsAtMost)) {
    const found = await orderClient.schemas.get.query(candidate, { signal });
    if (found.schemaId === schemaId) return candidate;
  }
  return null;
}
