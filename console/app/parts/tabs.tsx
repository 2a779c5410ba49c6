// One of several lists, each with how many are in it. Buttons that say which one is shown; the address remembers.
import { countText } from "../../model/time-text.ts";

interface Tab<Name extends string> {
  readonly name: Name;
  readonly title: string;
  readonly count: number;
}

interface TabsProps<Name extends string> {
  readonly label: string;
  readonly tabs: readonly Tab<Name>[];
  readonly chosen: Name;
  readonly onChoose: (name: Name) => void;
  /** Whether the counts are. */
  readonly known: boolean;
}

export function Tabs<Name extends string>({ label, tabs, chosen, onChoose, known }: TabsProps<Name>) {
  return (
    <div className="tabs" role="group" aria-label={label}>
      {tabs.map(({ name, title, count }) => (
        <button key={name} type="button" aria-pressed={name === chosen} onClick={() => onChoose(name)}>
          {title} <span className="tab-count">{known ? countText(count) : "–"}</span>
        </button>
      ))}
    </div>
  );
}
