import { doors, pathOf } from "../../model/screens.ts";
import { Link } from "../frame/router.tsx";
import { PageHead } from "../parts/page-head.tsx";

export function Nowhere() {
  return (
    <>
      <PageHead title="There is no such screen" about="The address is not one of the console's. These are:" />
      <ul className="plain-list">
        {doors.map(({ screen, title, about }) => (
          <li key={screen}>
            <Link href={pathOf({ screen })}>{title}</Link>: {about}
          </li>
        ))}
      </ul>
    </>
  );
}
