// The way out of a screen: a real link, so that its place can be seen and opened apart, that goes back as Escape does.
import type { ReactNode } from "react";
import { Link } from "../frame/router.tsx";
import { Icon } from "./icon.tsx";

interface BackLinkProps {
  readonly href: string;
  readonly onLeave: () => void;
  readonly children: ReactNode;
}

export function BackLink({ href, onLeave, children }: BackLinkProps) {
  return (
    <Link
      href={href}
      onClick={(event) => {
        event.preventDefault();
        onLeave();
      }}
    >
      <Icon name="back" /> {children}
    </Link>
  );
}
