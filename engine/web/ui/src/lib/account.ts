import { UNKNOWN, sent, whole } from "./api";

/** Who the engine takes us for; `asks` is whether there is a password to sign in with. */
export interface Account {
  user: string;
  role: string;
  asks: boolean;
}

const SIGNED_IN = "engine:signed-in";

export const account = (signal: AbortSignal) => whole<Account>("/api/engine/account", {}, signal);

export async function signIn(user: string, password: string): Promise<void> {
  await sent("POST", "/login", { user, password });
  dispatchEvent(new Event(SIGNED_IN));
}

/** Opens the form, wherever one is. */
export const askForPassword = (why = "") => dispatchEvent(new CustomEvent(UNKNOWN, { detail: why }));

export const whenUnknown = (act: (why: string) => void) => heard(UNKNOWN, (event) => act((event as CustomEvent<string>).detail));
export const whenSignedIn = (act: () => void) => heard(SIGNED_IN, act);

function heard(name: string, act: (event: Event) => void): () => void {
  addEventListener(name, act);
  return () => removeEventListener(name, act);
}
