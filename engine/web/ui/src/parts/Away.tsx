import type { ComponentChildren } from "preact";
import type { Link } from "../lib/boards";

interface Props {
  link: Link;
  label?: string;
  children: ComponentChildren;
}

/** A link that a dashboard names: to another dashboard here, or to anywhere. */
export function Away({ link, label, children }: Props) {
  return (
    <a href={link.url.replace(/^\/(?!\/)/, "")} title={link.title} aria-label={label} target={link.newTab ? "_blank" : undefined} rel="noreferrer">
      {children}
    </a>
  );
}
