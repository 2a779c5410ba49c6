// The search of Messages: typed words are the whole of it, the menus only write them, and views keep them.
import { Fragment, useEffect, useState } from "react";
import { letterStates } from "../../model/letter-states.ts";
import { categories, searchNames, termIn, withTerm } from "../../model/search-syntax.ts";
import { Icon } from "../parts/icon.tsx";
import { SavedViews } from "./saved-views.tsx";

interface MessageSearchProps {
  readonly typed: string;
  readonly onSearch: (typed: string, going?: { readonly replace?: boolean }) => void;
  readonly problems: readonly string[];
}

const pauseMs = 350;
const ranges = [
  ["", "Any time"],
  ["15m", "Last 15 minutes"],
  ["1h", "Last hour"],
  ["24h", "Last 24 hours"],
  ["7d", "Last 7 days"],
] as const;

export function MessageSearch({ typed, onSearch, problems }: MessageSearchProps) {
  const [text, setText] = useState(typed);
  // The address may change without the field: back, a view, a link.
  useEffect(() => setText(typed), [typed]);
  useEffect(() => {
    if (text === typed) return undefined;
    const timer = setTimeout(() => onSearch(text, { replace: true }), pauseMs);
    return () => clearTimeout(timer);
  });
  const since = termIn(typed, "since") ?? "";
  const category = termIn(typed, "category") ?? "";
  const state = termIn(typed, "state") ?? "";
  const isTyped = termIn(typed, "from") !== undefined || termIn(typed, "until") !== undefined;
  return (
    <div className="search" role="search">
      <div className="search-line">
        <form
          onSubmit={(event) => {
            event.preventDefault();
            onSearch(text);
          }}
        >
          <label className="search-field">
            <span className="unseen">Search the dead letters</span>
            <Icon name="search" />
            <input
              id="message-search"
              type="search"
              value={text}
              spellCheck={false}
              autoComplete="off"
              placeholder="order:ORD-1 reason:unknown_order or any text"
              aria-describedby="search-help"
              aria-invalid={problems.length > 0}
              onChange={(event) => setText(event.target.value)}
            />
          </label>
        </form>
        <label>
          <span className="unseen">Time range</span>
          <select
            value={isTyped ? "typed" : since}
            onChange={(event) =>
              onSearch(
                withTerm(withTerm(typed, "until", undefined), "since", event.target.value || undefined),
              )
            }
          >
            {isTyped && <option value="typed">As typed</option>}
            {since !== "" && ranges.every(([span]) => span !== since) && (
              <option value={since}>Last {since}</option>
            )}
            {ranges.map(([span, title]) => (
              <option key={span} value={span}>
                {title}
              </option>
            ))}
          </select>
        </label>
        <label>
          <span className="unseen">Category</span>
          <select
            value={category.toUpperCase()}
            onChange={(event) => onSearch(withTerm(typed, "category", event.target.value || undefined))}
          >
            <option value="">Any category</option>
            {categories.map((name) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </label>
        <label>
          <span className="unseen">State</span>
          <select
            value={state.toLowerCase()}
            onChange={(event) => onSearch(withTerm(typed, "state", event.target.value || undefined))}
          >
            <option value="">Any state</option>
            {letterStates.map((name) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </label>
        <SavedViews typed={typed} />
      </div>
      {problems.length > 0 ? (
        <ul id="search-help" className="search-problems" role="alert">
          {problems.map((problem) => (
            <li key={problem}>{problem}</li>
          ))}
        </ul>
      ) : (
        <p id="search-help" className="search-help">
          {searchNames.map((name) => (
            <Fragment key={name}>
              <code>{name}:</code>{" "}
            </Fragment>
          ))}
          narrow down; other words are looked for in the error and in the event. Quote values with spaces.
        </p>
      )}
    </div>
  );
}
