// The settings that hold in the instance that answers; what is secret comes masked.
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { countText } from "../../model/time-text.ts";
import { orderClient } from "../data/order-client.ts";
import { troubleOfQuestion } from "../data/trouble.ts";
import { Badge } from "../parts/badge.tsx";
import { Loading, TroubleNotice } from "../parts/notice.tsx";
import { Panel } from "../parts/panel.tsx";
import { Long, Visible } from "../parts/text.tsx";

export function SettingsPanel() {
  const [all, setAll] = useState(false);
  const settings = useQuery({
    queryKey: ["settings"],
    queryFn: ({ signal }) => orderClient.settings.effective.query(undefined, { signal }),
    staleTime: 60_000,
  });
  const rows = settings.data?.settings ?? [];
  const set = rows.filter(({ isDefault }) => !isDefault);
  const shown = all ? rows : set;
  return (
    <Panel
      title="Effective settings"
      aside={
        rows.length > 0 && (
          <>
            <span>
              {countText(set.length)} of {countText(rows.length)} are set
            </span>
            <button type="button" aria-pressed={all} onClick={() => setAll(!all)}>
              With defaults
            </button>
          </>
        )
      }
    >
      {settings.isPending && <Loading rows={4} what="the settings" />}
      {settings.isError && (
        <TroubleNotice
          title="The settings could not be read"
          trouble={troubleOfQuestion(settings.error)}
          onAgain={() => void settings.refetch()}
        />
      )}
      {rows.length > 0 && shown.length === 0 && (
        <p className="panel-text">Nothing is set: every default holds.</p>
      )}
      {shown.length > 0 && (
        <dl className="settings">
          {shown.map(({ name, value, isDefault, isMasked, about }) => (
            <div key={name}>
              <dt>
                <code>{name}</code>
              </dt>
              <dd>
                {value === null ? (
                  <span className="absent">not set</span>
                ) : (
                  <code>
                    <Long text={value} length={200} />
                  </code>
                )}{" "}
                {isDefault && value !== null && <Badge mood="none" word="default" />}
                {isMasked && <Badge mood="none" word="masked" />}
                <span className="setting-about">
                  <Visible text={about} />
                </span>
              </dd>
            </div>
          ))}
        </dl>
      )}
    </Panel>
  );
}
