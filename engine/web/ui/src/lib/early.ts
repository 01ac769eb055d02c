let asked: { url: string; answer: Promise<Response> } | undefined;

/** Asks for what a page will want first, while its script is still on its way. */
export function askEarly(url: string): void {
  asked = { url, answer: fetch(url) };
  asked.answer.catch(() => undefined); // whoever takes it is told
}

/** The answer, for the first who asks the same. */
export function early(url: string): Promise<Response> | undefined {
  const found = asked?.url === url ? asked.answer : undefined;
  if (found) asked = undefined;
  return found;
}
