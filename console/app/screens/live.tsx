// What goes over the topics now, who reads them, and in which schemas: three views under one door.
import { useParameter } from "../frame/router.tsx";
import { useHotkeys } from "../frame/hotkeys.ts";
import { PageHead } from "../parts/page-head.tsx";
import { LiveSign } from "./live-sign.tsx";
import { PartitionTable } from "./partition-table.tsx";
import { SchemaVersions } from "./schema-versions.tsx";
import { TopicTail } from "./topic-tail.tsx";

const views = [
  ["tail", "Records"],
  ["partitions", "Partitions"],
  ["schemas", "Schemas"],
] as const;
type View = (typeof views)[number][0];

export function Live() {
  const [asked, setAsked] = useParameter("view");
  const view: View = asked === "partitions" || asked === "schemas" ? asked : "tail";
  const show = (name: View) => setAsked(name === "tail" ? "" : name);
  useHotkeys("Live", [
    { keys: "1", about: "records", run: () => show("tail") },
    { keys: "2", about: "partitions", run: () => show("partitions") },
    { keys: "3", about: "schemas", run: () => show("schemas") },
  ]);
  return (
    <>
      <PageHead
        title="Live"
        about="Topics as they are written and read. Looking disturbs nobody: no group is joined, nothing is committed."
      >
        <LiveSign />
      </PageHead>
      <div className="tabs" role="group" aria-label="What is shown">
        {views.map(([name, title]) => (
          <button key={name} type="button" aria-pressed={name === view} onClick={() => show(name)}>
            {title}
          </button>
        ))}
      </div>
      {view === "tail" && <TopicTail />}
      {view === "partitions" && <PartitionTable />}
      {view === "schemas" && <SchemaVersions />}
    </>
  );
}
