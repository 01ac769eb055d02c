import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { whenSignedIn } from "./account";

export interface Asked<T> {
  data?: T;
  error?: string;
  loading: boolean;
  again: () => void;
}

/**
 * Asks whenever `deps` change, before that is painted, and each `every` ms while the page is seen. What was answered last stays until the next
 * answer is there, so that nothing flickers; a question that is no longer wanted is broken off. What was refused is asked
 * again when somebody has signed in.
 */
export function useAsk<T>(question: (signal: AbortSignal) => Promise<T>, deps: unknown[], every = 0): Asked<T> {
  const [state, setState] = useState<{ data?: T; error?: string; loading: boolean }>({ loading: true });
  const [turn, setTurn] = useState(0);
  const asking = useRef(question);
  asking.current = question;

  useLayoutEffect(() => {
    const stop = new AbortController();
    setState((old) => ({ ...old, loading: true }));
    asking.current(stop.signal).then(
      (data) => stop.signal.aborted || setState({ data, loading: false }),
      (error: Error) => stop.signal.aborted || setState((old) => ({ data: old.data, error: error.message, loading: false })),
    );
    return () => stop.abort();
  }, [...deps, turn]);

  useEffect(() => {
    if (!every) return;
    const timer = setInterval(() => document.hidden || setTurn((n) => n + 1), every);
    return () => clearInterval(timer);
  }, [every]);

  useEffect(() => (state.error === undefined ? undefined : whenSignedIn(() => setTurn((n) => n + 1))), [state.error]);

  return { ...state, again: () => setTurn((n) => n + 1) };
}
