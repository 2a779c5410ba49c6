// The schemas behind the topics: every version that the registry has, and what a later one changed.
import { useQuery } from "@tanstack/react-query";
import { indented, lineDiff } from "../../model/line-diff.ts";
import { counted } from "../../model/time-text.ts";
import { orderClient } from "../data/order-client.ts";
import { troubleOfQuestion } from "../data/trouble.ts";
import { useParameter } from "../frame/router.tsx";
import { Badge } from "../parts/badge.tsx";
import { Facts } from "../parts/facts.tsx";
import { Loading, Notice, TroubleNotice } from "../parts/notice.tsx";
import { Panel } from "../parts/panel.tsx";
import { Short, Visible } from "../parts/text.tsx";
import { Age } from "../parts/time.tsx";

export function SchemaVersions() {
  const [asked, setAsked] = useParameter("subject");
  const subjects = useQuery({
    queryKey: ["schemas"],
    queryFn: ({ signal }) => orderClient.schemas.list.query(undefined, { signal }),
    staleTime: 30_000,
  });
  const known = subjects.data?.subjects ?? [];
  const chosen = known.find(({ subject }) => subject === asked) ?? known[0];
  return (
    <div className="schema-columns">
      <Panel title="Subjects" aside={<Age readAtMs={subjects.dataUpdatedAt} />}>
        {subjects.isPending && <Loading rows={6} what="the schemas" />}
        {subjects.isError && (
          <TroubleNotice
            title="The schemas could not be read"
            trouble={troubleOfQuestion(subjects.error)}
            onAgain={() => void subjects.refetch()}
          />
        )}
        <ul className="subjects">
          {known.map(({ subject, topic, recordName, versions }) => (
            <li key={subject}>
              <button
                type="button"
                aria-pressed={subject === chosen?.subject}
                onClick={() => setAsked(subject, { replace: true })}
              >
                <span className="subject-name">
                  <Short text={recordName.replace(/^.*\./, "")} length={60} />
                </span>
                <span className="subject-topic">
                  <Short text={topic} length={60} />
                </span>
                <span className="subject-count">
                  {versions.length === 0 ? "not registered" : counted(versions.length, "version")}
                </span>
              </button>
            </li>
          ))}
        </ul>
      </Panel>
      {chosen !== undefined && <OneSubject key={chosen.subject} {...chosen} />}
    </div>
  );
}

function OneSubject({
  subject,
  recordName,
  versions,
}: {
  readonly subject: string;
  readonly recordName: string;
  readonly versions: readonly number[];
}) {
  const [askedVersion, setVersion] = useParameter("version");
  const [askedBase, setBase] = useParameter("against");
  const newest = versions.at(-1);
  const version = versions.find((one) => String(one) === askedVersion) ?? newest;
  const before = versions[versions.indexOf(version ?? 0) - 1];
  const base =
    askedBase === "none" ? undefined : (versions.find((one) => String(one) === askedBase) ?? before);
  const shown = useVersion(subject, version);
  const compared = useVersion(subject, base);
  if (newest === undefined) {
    return (
      <Notice kind="plain" icon="unknown" title="The registry does not have this subject yet">
        <p>It is registered when order or cart first needs it.</p>
      </Notice>
    );
  }
  return (
    <Panel
      title={recordName}
      aside={
        <>
          <VersionChoice label="Version" value={String(version)} versions={versions} onChange={setVersion} />
          <VersionChoice
            label="compared with"
            value={base === undefined ? "none" : String(base)}
            versions={versions.filter((one) => one !== version)}
            none
            onChange={setBase}
          />
        </>
      }
    >
      {(shown.isPending || (base !== undefined && compared.isPending)) && (
        <Loading rows={8} what="the schema" />
      )}
      {shown.isError && (
        <TroubleNotice
          title="The schema could not be read"
          trouble={troubleOfQuestion(shown.error)}
          onAgain={() => void shown.refetch()}
        />
      )}
      {shown.data !== undefined && (
        <Facts
          facts={[
            { name: "Subject", value: <Visible text={subject} /> },
            { name: "Schema id", value: String(shown.data.schemaId) },
            {
              name: "Written here",
              value: shown.data.isOurs ? (
                <Badge mood="ok" word="yes" />
              ) : (
                <Badge mood="none" word="no" title="This release writes another version" />
              ),
            },
          ]}
        />
      )}
      {shown.data !== undefined && (base === undefined || compared.data !== undefined) && (
        <SchemaText
          definition={shown.data.definition}
          {...(base === undefined || compared.data === undefined ? {} : { before: compared.data.definition })}
        />
      )}
    </Panel>
  );
}

function useVersion(subject: string, version: number | undefined) {
  return useQuery({
    queryKey: ["schema", subject, version],
    enabled: version !== undefined,
    queryFn: ({ signal }) => orderClient.schemas.get.query({ subject, version: version ?? 1 }, { signal }),
    staleTime: Number.POSITIVE_INFINITY,
  });
}

interface VersionChoiceProps {
  readonly label: string;
  readonly value: string;
  readonly versions: readonly number[];
  readonly none?: boolean;
  readonly onChange: (version: string, going: { readonly replace: boolean }) => void;
}

function VersionChoice({ label, value, versions, none = false, onChange }: VersionChoiceProps) {
  return (
    <label className="version-choice">
      {label}{" "}
      <select value={value} onChange={(event) => onChange(event.target.value, { replace: true })}>
        {none && <option value="none">nothing</option>}
        {versions.map((version) => (
          <option key={version} value={String(version)}>
            {version}
          </option>
        ))}
      </select>
    </label>
  );
}

function SchemaText({ definition, before }: { readonly definition: string; readonly before?: string }) {
  const text = indented(definition);
  if (before === undefined) {
    return (
      <pre className="code schema" tabIndex={0}>
        <Visible text={text} keepLines />
      </pre>
    );
  }
  const lines = lineDiff(indented(before), text);
  const changed = lines.filter(({ kind }) => kind !== "same").length;
  return (
    <>
      <p className="panel-text">
        {changed === 0 ? "The two are the same." : `${counted(changed, "line")} differ.`}
      </p>
      <pre className="code schema" tabIndex={0}>
        {lines.map(({ kind, text: line }, index) => (
          <span key={index} className={`diff-line ${kind}`}>
            <span className="diff-sign">{{ same: " ", gone: "−", come: "+" }[kind]}</span>
            <Visible text={line} />
            {"\n"}
          </span>
        ))}
      </pre>
    </>
  );
}
