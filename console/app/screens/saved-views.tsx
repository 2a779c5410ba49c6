// Searches that somebody wants again, kept in this browser.
import { useState, type FormEvent } from "react";
import { searchPath } from "../../model/screens.ts";
import { createStored, useStored } from "../frame/stored.ts";
import { Link } from "../frame/router.tsx";
import { formText } from "../parts/form-text.ts";
import { Dialog } from "../parts/dialog.tsx";
import { Icon } from "../parts/icon.tsx";
import { Short } from "../parts/text.tsx";

interface SavedView {
  readonly name: string;
  readonly search: string;
}

const views = createStored<readonly SavedView[]>("views", readViews);
const mostViews = 50;

export function SavedViews({ typed }: { readonly typed: string }) {
  const saved = useStored(views);
  const [open, setOpen] = useState(false);
  const save = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const name = formText(new FormData(event.currentTarget), "name").trim();
    if (name === "") return;
    const others = saved.filter((view) => view.name !== name);
    views.write([{ name, search: typed }, ...others].slice(0, mostViews));
    event.currentTarget.reset();
  };
  return (
    <>
      <button type="button" onClick={() => setOpen(true)}>
        Views{saved.length === 0 ? "" : ` (${saved.length})`}
      </button>
      {open && (
        <Dialog title="Saved views" onClose={() => setOpen(false)}>
          {saved.length === 0 && <p>No view is saved in this browser yet.</p>}
          <ul className="views">
            {saved.map((view) => (
              <li key={view.name}>
                <Link href={searchPath(view.search)} onClick={() => setOpen(false)}>
                  <Short text={view.name} length={60} />
                </Link>
                <code>{view.search === "" ? "all messages" : <Short text={view.search} length={80} />}</code>
                <button
                  type="button"
                  className="bare"
                  aria-label={`Forget the view ${view.name}`}
                  onClick={() => views.write(saved.filter(({ name }) => name !== view.name))}
                >
                  <Icon name="close" />
                </button>
              </li>
            ))}
          </ul>
          <SaveForm typed={typed} onSave={save} />
        </Dialog>
      )}
    </>
  );
}

interface SaveFormProps {
  readonly typed: string;
  readonly onSave: (event: FormEvent<HTMLFormElement>) => void;
}

function SaveForm({ typed, onSave }: SaveFormProps) {
  return (
    <form className="save-view" onSubmit={onSave}>
      <label className="field">
        <span>
          Save the present search (<Short text={typed === "" ? "all messages" : typed} length={60} />) as
        </span>
        <input name="name" type="text" maxLength={60} autoComplete="off" required />
      </label>
      <button type="submit">Save</button>
    </form>
  );
}

function readViews(text: string | null): readonly SavedView[] {
  try {
    const read: unknown = JSON.parse(text ?? "[]");
    return Array.isArray(read) ? read.filter(isView).slice(0, mostViews) : [];
  } catch {
    return [];
  }
}

function isView(value: unknown): value is SavedView {
  if (typeof value !== "object" || value === null || !("name" in value) || !("search" in value)) return false;
  return typeof value.name === "string" && typeof value.search === "string";
}
