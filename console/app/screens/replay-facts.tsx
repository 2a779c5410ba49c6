// What a replay was ordered to be, by whom, and where the audit has it.
import { pathOf, searchPath } from "../../model/screens.ts";
import { termText } from "../../model/search-syntax.ts";
import { counted, countText } from "../../model/time-text.ts";
import type { ReplayJob } from "../data/told.ts";
import { Link } from "../frame/router.tsx";
import { Facts, type Fact } from "../parts/facts.tsx";
import { Panel } from "../parts/panel.tsx";
import { Long, Short } from "../parts/text.tsx";
import { Instant } from "../parts/time.tsx";

export function ReplayFacts({ job }: { readonly job: ReplayJob }) {
  const { reason, actor, canary, autoStopFailureShare, scope, createdAt, endedAt, total } = job;
  const audit = `${pathOf({ screen: "audit" })}?${new URLSearchParams({ q: job.id }).toString()}`;
  return (
    <Panel title="As ordered">
      <Facts
        facts={[
          { name: "Reason", value: <Long text={reason} length={400} /> },
          { name: "By", value: <Short text={actor} length={60} /> },
          { name: "Started", value: <Instant iso={createdAt} full /> },
          { name: "Ended", value: endedAt === null ? "not yet" : <Instant iso={endedAt} full /> },
          { name: "Messages", value: `${countText(total)}, fixed when it was started` },
          { name: "Rate", value: `${countText(job.ratePerSecond)}/s at most` },
          {
            name: "First",
            value: canary === null ? "all at once" : `${counted(canary, "message")}, then it waits`,
          },
          {
            name: "Stops itself",
            value: `when ${Math.round(autoStopFailureShare * 100)} % of 20 or more fail`,
          },
          ...scopeFacts(scope),
          { name: "Audit", value: <Link href={audit}>what was ordered about it</Link> },
        ]}
      />
    </Panel>
  );
}

const named: Readonly<Record<string, string>> = {
  fingerprint: "Group",
  orderId: "Of order",
  errorType: "Class",
  reason: "With reason",
  topic: "Topic",
  deadLetterTopic: "DLQ topic",
  category: "Category",
  state: "In state",
  text: "With text",
  header: "With header",
  from: "Failed from",
  until: "Failed before",
  ids: "Chosen",
  edited: "Edited",
  force: "Quarantine too",
};

/** Facts of the same name as another one are told apart by their key. */
function scopeFacts(scope: ReplayJob["scope"]): readonly Fact[] {
  const facts = Object.entries(scope).map(([name, value]): Fact => {
    const told = <ScopeValue name={name} text={String(value)} />;
    return { name: named[name] ?? name, key: `scope ${name}`, value: told };
  });
  return facts.length > 0 ? facts : [{ name: "Scope", value: "every open message" }];
}

function ScopeValue({ name, text }: { readonly name: string; readonly text: string }) {
  switch (name) {
    case "fingerprint":
      return (
        <Link href={searchPath(termText("group", text))}>
          <Short text={text} />
        </Link>
      );
    case "from":
    case "until":
      return <Instant iso={text} full />;
    default:
      return <Long text={text} length={200} />;
  }
}
