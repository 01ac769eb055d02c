import type { ComponentChildren } from "preact";
import { useEffect, useErrorBoundary } from "preact/hooks";
import { Failure } from "./small";

interface Props {
  /** What can't be drawn, as the beginning of a sentence. */
  what: string;
  /** It is drawn anew when this changes. */
  of?: unknown;
  children: ComponentChildren;
}

/** What can't be drawn says so in its place, and takes nothing else with it. */
export function Guard({ what, of, children }: Props) {
  const [error, reset] = useErrorBoundary((found) => console.error(found));
  useEffect(() => {
    if (error) reset();
  }, [of]);
  return error ? <Failure text={`${what} can't be drawn: ${(error as Error).message}`} /> : <>{children}</>;
}
