// One dead letter, whole: what it is, why it failed each time, what its order is now, and its bytes.
import { useQuery } from "@tanstack/react-query";
import { useEffect } from "react";
import { sagaOrderOf } from "../../model/saga-order.ts";
import { pathOf } from "../../model/screens.ts";
import { bytesOfBase64, hexLine } from "../../model/bytes-text.ts";
import { countText } from "../../model/time-text.ts";
import { orderClient } from "../data/order-client.ts";
import type { LetterDetails } from "../data/told.ts";
import { troubleOfQuestion } from "../data/trouble.ts";
import { useHotkeys } from "../frame/hotkeys.ts";
import { goBack, Link, navigate, useParameter } from "../frame/router.tsx";
import { BackLink } from "../parts/back-link.tsx";
import { CategoryBadge } from "../parts/badge.tsx";
import { Loading, Notice, TroubleNotice } from "../parts/notice.tsx";
import { PageHead } from "../parts/page-head.tsx";
import { LetterStateBadge } from "../parts/state-badge.tsx";
import { Long, Short } from "../parts/text.tsx";
import { Age } from "../parts/time.tsx";
import { rememberedList, rememberOpened } from "./letter-list-memory.ts";
import { MessageActions } from "./message-actions.tsx";
import { AttemptsLine } from "./message-attempts.tsx";
import { MessageEdit } from "./message-edit.tsx";
import { MessageFacts, MessageHeaders } from "./message-record.tsx";
import { MessagePayload } from "./message-payload.tsx";
import { OrderNow } from "./order-now.tsx";
import { SagaNow } from "./saga-now.tsx";

const everyMs = 10_000;
const replayingEveryMs = 1000;

export function MessageScreen({ id }: { readonly id: string }) {
  const letter = useQuery({
    queryKey: ["letter", id],
    queryFn: ({ signal }) => orderClient.dlq.get.query({ id }, { signal }),
    // Its bytes stay; what becomes of it does not.
    refetchInterval: ({ state }) => (state.data?.state === "replaying" ? replayingEveryMs : everyMs),
  });
  const [edit, setEdit] = useParameter("edit");
  const editing = edit === "yes";
  const toggleEdit = () => setEdit(editing ? "" : "yes", { replace: true });
  const neighbours = useNeighbours(id);
  useEffect(() => rememberOpened(id), [id]);
  const { data } = letter;
  const sagaOrder = data?.value.kind === "decoded" ? sagaOrderOf(data.value.event) : undefined;
  return (
    <>
      <p className="back">
        <BackLink href={rememberedList()?.href ?? pathOf({ screen: "messages" })} onLeave={leave}>
          Messages
        </BackLink>
        {neighbours.at !== undefined && (
          <span className="neighbours">
            {countText(neighbours.at)} of {countText(neighbours.of)}
            <Neighbour id={neighbours.before} title="Previous" />
            <Neighbour id={neighbours.next} title="Next" />
          </span>
        )}
      </p>
      <PageHead
        title={data === undefined ? id : keyName(data.key)}
        about={data === undefined ? "Dead letter" : <HeadLine letter={data} />}
      >
        <Age readAtMs={letter.dataUpdatedAt} />
        {data !== undefined && <MessageActions letter={data} editing={editing} onEdit={toggleEdit} />}
      </PageHead>
      {data === undefined && !letter.isError && <Loading rows={10} what="the message" />}
      {data === undefined && letter.isError && (
        <Unread error={letter.error} onAgain={() => void letter.refetch()} />
      )}
      {data !== undefined && (
        <>
          <div className="error-line">
            <code>
              <Short text={data.errorType} />
            </code>{" "}
            <Long text={data.errorMessage} length={600} />
          </div>
          <div className="message-columns">
            <div>
              {editing && data.value.kind === "decoded" && <MessageEdit letter={data} onClose={toggleEdit} />}
              <MessagePayload letter={data} />
              <MessageHeaders letter={data} />
            </div>
            <div>
              {sagaOrder === undefined ? (
                <OrderNow orderId={data.orderId} />
              ) : (
                <SagaNow orderId={sagaOrder} />
              )}
              <AttemptsLine letter={data} />
              <MessageFacts letter={data} />
            </div>
          </div>
        </>
      )}
    </>
  );
}

function leave(): void {
  goBack(rememberedList()?.href ?? pathOf({ screen: "messages" }));
}

/** Keys are bytes: most are an order's id, some are no text at all. */
function keyName(key: LetterDetails["key"]): string {
  if (key === null) return "Without a key";
  if (key.text === "") return "With an empty key";
  return key.text ?? `Key ${hexLine(bytesOfBase64(key.base64), 16)}`;
}

function HeadLine({ letter }: { readonly letter: LetterDetails }) {
  const { eventType, reason, errorCategory, originalTopic, originalPartition, originalOffset } = letter;
  return (
    <span className="head-line">
      <LetterStateBadge state={letter.state} />
      <span>{eventType ?? "Unknown event"}</span>
      <code>
        {originalTopic}/{originalPartition}:{originalOffset}
      </code>
      <code>
        <Short text={reason} />
      </code>
      <CategoryBadge category={errorCategory} />
    </span>
  );
}

function Unread({ error, onAgain }: { readonly error: unknown; readonly onAgain: () => void }) {
  const trouble = troubleOfQuestion(error);
  if (!trouble.notFound) {
    return <TroubleNotice title="The message could not be read" trouble={trouble} onAgain={onAgain} />;
  }
  return (
    <Notice kind="plain" icon="search" title="There is no dead letter with this id">
      <p>It was never one, or the embedded cluster that it was on was stopped since.</p>
    </Notice>
  );
}

function useNeighbours(id: string) {
  const list = rememberedList()?.ids ?? [];
  const index = list.indexOf(id);
  const before = index > 0 ? list[index - 1] : undefined;
  const next = index >= 0 ? list[index + 1] : undefined;
  const go = (to: string | undefined) => {
    // In place: Esc leads to the list however many were looked at.
    if (to !== undefined) navigate(pathOf({ screen: "message", id: to }), { replace: true });
  };
  useHotkeys("Message", [
    { keys: "j", about: "next message of the list", run: () => go(next) },
    { keys: "k", about: "message before", run: () => go(before) },
    { keys: "Escape", about: "back to the list", run: leave },
  ]);
  return { before, next, at: index < 0 ? undefined : index + 1, of: list.length };
}

function Neighbour({ id, title }: { readonly id: string | undefined; readonly title: string }) {
  if (id === undefined) return <span aria-hidden="true">{title}</span>;
  const href = pathOf({ screen: "message", id });
  return (
    <Link
      href={href}
      onClick={(event) => {
        if (event.metaKey || event.ctrlKey || event.shiftKey) return;
        event.preventDefault();
        navigate(href, { replace: true });
      }}
    >
      {title}
    </Link>
  );
}
