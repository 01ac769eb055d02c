import { useEffect, useRef, useState } from "preact/hooks";
import { account, askForPassword, signIn, whenSignedIn, whenUnknown } from "../lib/account";
import { useAsk } from "../lib/ask";
import { go, usePlace } from "../lib/route";
import { Dialog } from "./Dialog";
import { Failure } from "./small";

/** User and password; a wrong one is said, and asked for again. */
function SignInForm({ why, onDone }: { why?: string; onDone: () => void }) {
  const known = useAsk(account, []).data;
  const [refused, refuse] = useState<string>();
  const [busy, setBusy] = useState(false);
  const user = useRef<HTMLInputElement>(null);
  const password = useRef<HTMLInputElement>(null);
  useEffect(() => user.current?.focus(), [known?.asks]);
  if (known && !known.asks) return <p>{why || "No password is set here: set GF_SECURITY_ADMIN_PASSWORD."}</p>;
  const submit = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    try {
      await signIn(user.current!.value, password.current!.value);
      onDone();
    } catch (error) {
      refuse((error as Error).message);
      password.current!.value = "";
      password.current!.focus();
    } finally {
      setBusy(false);
    }
  };
  return (
    <form class="signin" onSubmit={submit}>
      <label>User <input ref={user} name="user" autocomplete="username" autocapitalize="none" spellcheck={false} required /></label>
      <label>Password <input ref={password} name="password" type="password" autocomplete="current-password" required /></label>
      <Failure text={refused} />
      <button type="submit" class="primary" disabled={busy}>Sign in</button>
    </form>
  );
}

/** The page of its own, at `/login`; then where `redirectTo` says. */
export function SignIn() {
  const to = usePlace().params.get("redirectTo") ?? "";
  return (
    <main class="signin">
      <section class="card">
        <h1>Sign in</h1>
        <SignInForm onDone={() => go(/^\/\w/.test(to) ? to : "/dashboards", true)} />
      </section>
    </main>
  );
}

/** Over whatever was refused, which asks again afterwards; once closed it stays so for this page. */
export function Refusal() {
  const { path } = usePlace();
  const [why, setWhy] = useState<string>();
  const closed = useRef("");
  useEffect(() => whenUnknown((text) => (text && closed.current === path) || path === "/login" || setWhy(text)), [path]);
  useEffect(() => whenSignedIn(() => setWhy(undefined)), []);
  if (why === undefined) return null;
  const close = () => {
    closed.current = path;
    setWhy(undefined);
  };
  return (
    <Dialog title="Sign in" onClose={close}>
      <SignInForm why={why} onDone={() => undefined} />
    </Dialog>
  );
}

/** Who is signed in, in the corner; nothing where there is no password. */
export function Who() {
  const found = useAsk(account, []);
  useEffect(() => whenSignedIn(found.again), []);
  if (!found.data?.asks) return null;
  const { user } = found.data;
  return user ? <a data-away href="logout" title={`signed in as ${user}`}>Sign out</a> : <button type="button" class="quiet" onClick={() => askForPassword()}>Sign in</button>;
}
