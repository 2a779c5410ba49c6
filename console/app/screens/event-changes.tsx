// What differs between the event that failed and the one that goes in its place, value by value.
import { Short } from "../parts/text.tsx";

interface Change {
  readonly path: string;
  readonly before: string | null;
  readonly after: string | null;
}

export function EventChanges({ changes }: { readonly changes: readonly Change[] }) {
  if (changes.length === 0) return null;
  return (
    <table className="table changes">
      <caption className="unseen">What is changed</caption>
      <thead>
        <tr>
          <th scope="col">Changed</th>
          <th scope="col">As it failed</th>
          <th scope="col">As it goes</th>
        </tr>
      </thead>
      <tbody>
        {changes.map(({ path, before, after }) => (
          <tr key={path}>
            <th scope="row">
              <Short text={path} length={120} />
            </th>
            <td>
              {before === null ? (
                <span className="absent">not there</span>
              ) : (
                <del>
                  <Short text={before} length={300} />
                </del>
              )}
            </td>
            <td>
              {after === null ? (
                <span className="absent">taken out</span>
              ) : (
                <ins>
                  <Short text={after} length={300} />
                </ins>
              )}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
