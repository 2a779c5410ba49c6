// Ctrl+K: type where you want to be. Screens by name, an order by its id, a dead letter by its id, or a search.
import { useQuery } from "@tanstack/react-query";
import { useEffect, useState, type KeyboardEvent, type ReactNode } from "react";
import { deadLetterIdSchema } from "../../../contract/dead-letters.ts";
import { orderIdSchema } from "../../../contract/models.ts";
import { newReplayHref } from "../../model/replay-address.ts";
import { readOrderNumber } from "../../model/saga-order.ts";
import {
  consoleBase,
  doors,
  orderPath,
  pathOf,
  readPlace,
  sagaPath,
  searchPath,
} from "../../model/screens.ts";
import { termText } from "../../model/search-syntax.ts";
import { orderClient } from "../data/order-client.ts";
import { troubleOfQuestion } from "../data/trouble.ts";
import { Dialog } from "../parts/dialog.tsx";
import { Icon, type IconName } from "../parts/icon.tsx";
import { Short } from "../parts/text.tsx";
import { useSaga } from "../screens/saga-now.tsx";
import { Link, navigate } from "./router.tsx";

interface Choice {
  readonly href: string;
  readonly icon: IconName;
  readonly title: ReactNode;
  readonly about: string;
}

const pauseMs = 200;

export function CommandPalette({ onClose }: { readonly onClose: () => void }) {
  const [typed, setTyped] = useState("");
  const [at, setAt] = useState(0);
  const choices = useChoices(typed.trim());
  const present = Math.min(at, choices.length - 1);
  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined) {
      event.preventDefault();
      setAt((present + step + choices.length) % choices.length);
    }
    const chosen = choices[present];
    if (event.key === "Enter" && chosen !== undefined) {
      event.preventDefault();
      onClose();
      navigate(chosen.href);
    }
  };
  return (
    <Dialog title="Go to" onClose={onClose} className="palette">
      <input
        type="text"
        role="combobox"
        aria-expanded="true"
        aria-controls="palette-choices"
        aria-activedescendant={`palette-${present}`}
        aria-label="A screen, an order id, a dead letter's id, or words to search for"
        placeholder="Screen, order id, or words to search for"
        autoComplete="off"
        spellCheck={false}
        value={typed}
        onChange={(event) => {
          setTyped(event.target.value);
          setAt(0);
        }}
        onKeyDown={onKeyDown}
      />
      <ul id="palette-choices" role="listbox" aria-label="Places">
        {choices.map(({ href, icon, title, about }, index) => (
          <li
            key={`${href} ${about}`}
            id={`palette-${index}`}
            role="option"
            aria-selected={index === present}
          >
            <Link href={href} tabIndex={-1} onClick={onClose} onMouseMove={() => setAt(index)}>
              <Icon name={icon} />
              <span className="choice-title">{title}</span>
              <span className="choice-about">{about}</span>
            </Link>
          </li>
        ))}
      </ul>
    </Dialog>
  );
}

function useChoices(typed: string): readonly Choice[] {
  const paused = usePaused(typed);
  const order = useOrderChoice(typed, paused);
  const saga = useSagaChoice(typed, paused);
  const words = typed.toLowerCase();
  const more = [
    {
      href: newReplayHref({ kind: "search", typed: "" }),
      icon: "replays",
      title: "New replay",
      about: "send failed events through order again",
    },
    {
      href: searchPath("state:quarantined"),
      icon: "messages",
      title: "Quarantine",
      about: "what failed again in every replay it was allowed",
    },
  ] as const;
  const others = more.filter(({ title }) => typed !== "" && title.toLowerCase().includes(words));
  const screens = doors
    .filter(({ title }) => title.toLowerCase().includes(words))
    .map(({ screen, title, about }): Choice => ({ href: pathOf({ screen }), icon: screen, title, about }));
  if (typed === "") return screens;
  const id = deadLetterIdSchema.safeParse(typed);
  const letter: Choice[] = id.success
    ? [
        {
          href: pathOf({ screen: "message", id: typed }),
          icon: "messages",
          title: typed,
          about: "dead letter",
        },
      ]
    : [];
  const jobPath = `${consoleBase}/replays/${typed}`;
  const job: Choice[] =
    readPlace(jobPath)?.screen === "replay"
      ? [{ href: jobPath, icon: "replays", title: typed, about: "replay" }]
      : [];
  const search = /^[a-z]+:/.test(typed) ? typed : termText("order", typed);
  const title = <Short text={typed} length={80} />;
  const searches: Choice[] = [
    {
      href: searchPath(search),
      icon: "search",
      title,
      about: search === typed ? "search the dead letters" : "dead letters of this order",
    },
    { href: searchPath(typed), icon: "search", title, about: "text in any dead letter" },
  ];
  return [...letter, ...job, ...screens, ...others, ...order, ...saga, ...searches].filter(
    (choice, index, all) => index === all.findIndex(({ href }) => href === choice.href),
  );
}

/** What was typed, once the typing pauses. */
function usePaused(typed: string): string {
  const [asked, setAsked] = useState("");
  useEffect(() => {
    const timer = setTimeout(() => setAsked(typed), pauseMs);
    return () => clearTimeout(timer);
  }, [typed]);
  return asked;
}

function useOrderChoice(typed: string, asked: string): readonly Choice[] {
  const isId = orderIdSchema.safeParse(asked).success && !/^[a-z]+:/.test(asked);
  const order = useQuery({
    queryKey: ["order", asked],
    enabled: isId,
    queryFn: ({ signal }) => orderClient.orders.details.query({ orderId: asked }, { signal }),
  });
  if (!orderIdSchema.safeParse(typed).success || /^[a-z]+:/.test(typed)) return [];
  const about = () => {
    if (asked !== typed || order.isPending) return "order · looking…";
    if (order.data !== undefined) return `order · ${order.data.status}`;
    return troubleOfQuestion(order.error).notFound ? "no such order is stored" : "order · could not be read";
  };
  return [
    { href: orderPath(typed), icon: "orders", title: <Short text={typed} length={80} />, about: about() },
  ];
}

/** System C numbers its orders; systems A and B may have an order of the same name. */
function useSagaChoice(typed: string, asked: string): readonly Choice[] {
  const saga = useSaga(readOrderNumber(asked), false);
  const orderId = readOrderNumber(typed);
  if (orderId === undefined) return [];
  const about = () => {
    if (asked !== typed || saga.isPending) return "order of system C · looking…";
    if (saga.data !== undefined) return `order of system C · ${saga.data.order?.status ?? "not placed"}`;
    return troubleOfQuestion(saga.error).notFound
      ? "no such order of system C"
      : "order of system C · could not be read";
  };
  return [{ href: sagaPath(orderId), icon: "sagas", title: orderId, about: about() }];
}
