// Edit and replay: another event in place of the one that failed. What was typed is checked by order against the event's schema
// as it is typed, and what differs is shown; the reason and the difference stay in the audit.
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useMemo, useRef, useState, type FormEvent, type ReactNode } from "react";
import { travelsAlone } from "../../../contract/client.ts";
import { editableEventTypes } from "../../../contract/replays.ts";
import { pathOf } from "../../model/screens.ts";
import { readEventText } from "../../model/event-text.ts";
import { useObjection } from "../data/access.ts";
import { useDeadLetterInfo } from "../data/live.ts";
import { orderClient } from "../data/order-client.ts";
import type { LetterDetails } from "../data/told.ts";
import { troubleOfOrder, troubleOfQuestion } from "../data/trouble.ts";
import { navigate } from "../frame/router.tsx";
import { formText } from "../parts/form-text.ts";
import { Icon } from "../parts/icon.tsx";
import { NotAllowed } from "../parts/not-allowed.tsx";
import { Loading, Notice, TroubleNotice } from "../parts/notice.tsx";
import { Panel } from "../parts/panel.tsx";
import { ReasonField } from "../parts/reason-field.tsx";
import { Visible } from "../parts/text.tsx";
import { EventChanges } from "./event-changes.tsx";

/** What was typed and not sent, by letter: it is there again when somebody comes back. */
const drafts = new Map<string, string>();
const pauseMs = 300;

export function MessageEdit({
  letter,
  onClose,
}: {
  readonly letter: LetterDetails;
  readonly onClose: () => void;
}) {
  const info = useDeadLetterInfo();
  if (!editableEventTypes.some((eventType) => eventType === letter.eventType)) {
    return (
      <NotEditable title="Only events of systems A and B can be edited" onClose={onClose}>
        What payment or stock has decided is not order&rsquo;s to change. It can be replayed as it is, or
        discarded.
      </NotEditable>
    );
  }
  if (info.data === undefined) {
    return (
      <Panel title="Edit and replay">
        {info.isError ? (
          <TroubleNotice
            title="Whether events may be edited here could not be read"
            trouble={troubleOfQuestion(info.error)}
            onAgain={() => void info.refetch()}
          />
        ) : (
          <Loading rows={4} what="whether events may be edited here" />
        )}
      </Panel>
    );
  }
  if (!info.data.editing) {
    return (
      <NotEditable title="Editing is off in this environment" onClose={onClose}>
        Whoever runs order switches it on with <code>DLQ_EDIT=on</code>. The message can be replayed as it is.
      </NotEditable>
    );
  }
  return <Editor letter={letter} onClose={onClose} />;
}

interface NotEditableProps {
  readonly title: string;
  readonly onClose: () => void;
  readonly children: ReactNode;
}

function NotEditable({ title, onClose, children }: NotEditableProps) {
  return (
    <Panel title="Edit and replay">
      <Notice kind="plain" icon="edit" title={title}>
        <p>{children}</p>
        <p className="notice-foot">
          <button type="button" onClick={onClose}>
            Close
          </button>
        </p>
      </Notice>
    </Panel>
  );
}

function Editor({ letter, onClose }: { readonly letter: LetterDetails; readonly onClose: () => void }) {
  const { id, value } = letter;
  const original = useMemo(
    () => (value.kind === "decoded" ? (JSON.stringify(value.event, null, 2) ?? "") : ""),
    [value],
  );
  const [text, setText] = useState(drafts.get(id) ?? original);
  const read = useMemo(() => readEventText(text), [text]);
  const check = useCheck(id, text);
  const [requestId] = useState(() => `console-${crypto.randomUUID()}`);
  const sent = useRef(false);
  const objection = useObjection("replays.startEdited");
  const queries = useQueryClient();
  const start = useMutation({
    mutationFn: (reason: string) => {
      if (!read.ok) throw new Error("nothing is to be sent");
      return orderClient.replays.startEdited.mutate({ id, event: read.event, reason, requestId });
    },
    onSuccess: (job) => {
      drafts.delete(id);
      void queries.invalidateQueries();
      navigate(pathOf({ screen: "replay", id: job.id }));
    },
    onError: () => {
      sent.current = false;
    },
  });
  const problems = read.ok ? (check.told?.problems ?? []) : [read.problem];
  const changes = read.ok ? (check.told?.changes ?? []) : [];
  const ready = read.ok && check.told !== undefined && problems.length === 0 && changes.length > 0;
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    if (sent.current || !ready || objection !== undefined) return;
    sent.current = true;
    start.mutate(formText(new FormData(event.currentTarget), "reason"));
  };
  return (
    <Panel
      title="Edit and replay"
      aside={
        <button
          type="button"
          disabled={text === original}
          onClick={() => {
            setText(original);
            drafts.delete(id);
          }}
        >
          As it failed
        </button>
      }
    >
      <form
        onSubmit={submit}
        onKeyDown={(event) => {
          if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
          event.preventDefault();
          event.currentTarget.requestSubmit();
        }}
      >
        <label className="field">
          <span>The whole event, as JSON. Its orderId stays; it gets an event id of its own.</span>
          <textarea
            id="event-editor"
            className="editor"
            rows={Math.min(26, Math.max(8, original.split("\n").length + 1))}
            spellCheck={false}
            autoComplete="off"
            aria-invalid={problems.length > 0}
            aria-describedby="event-check"
            value={text}
            onChange={(event) => {
              setText(event.target.value);
              drafts.set(id, event.target.value);
            }}
          />
        </label>
        <div id="event-check" className="event-check" role="status">
          {problems.length > 0 && (
            <ul className="search-problems">
              {problems.map((problem) => (
                <li key={problem}>
                  <Visible text={problem} />
                </li>
              ))}
            </ul>
          )}
          {read.ok && check.failed !== undefined && (
            <TroubleNotice title="It could not be checked" trouble={check.failed} />
          )}
          {read.ok && check.failed === undefined && check.told === undefined && <p>Checking…</p>}
          {ready && (
            <p className="event-fits">
              <Icon name="up" /> It fits its schema as of now.
            </p>
          )}
          {read.ok && check.told !== undefined && problems.length === 0 && changes.length === 0 && (
            <p>Nothing is changed yet.</p>
          )}
        </div>
        <EventChanges changes={changes} />
        <ReasonField placeholder="What was wrong with the event, and who agreed to the change" />
        {start.isError && <TroubleNotice title="It was not replayed" trouble={troubleOfOrder(start.error)} />}
        <NotAllowed objection={objection} />
        <footer className="dialog-foot">
          <button type="button" disabled={start.isPending} onClick={onClose}>
            Close
          </button>
          <button
            type="submit"
            className="usual"
            disabled={!ready || start.isPending || objection !== undefined}
          >
            {start.isPending ? "Starting…" : "Replay the edited event"}
          </button>
        </footer>
      </form>
    </Panel>
  );
}

/** order's word on what is typed, once the typing pauses; nothing of an earlier text. */
function useCheck(id: string, text: string) {
  const [asked, setAsked] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => setAsked(text), pauseMs);
    return () => clearTimeout(timer);
  }, [text]);
  const check = useQuery({
    queryKey: ["edited", id, asked],
    enabled: readEventText(asked).ok,
    gcTime: 0,
    queryFn: ({ signal }) => {
      const read = readEventText(asked);
      if (!read.ok) throw new Error("nothing is asked about");
      return orderClient.replays.checkEdited.query({ id, event: read.event }, { signal, ...travelsAlone });
    },
  });
  const present = asked === text;
  return {
    told: present ? check.data : undefined,
    failed: present && check.isError ? troubleOfQuestion(check.error) : undefined,
  };
}
