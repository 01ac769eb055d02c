/** Puts the keyboard into the page's first field; an editor's field lies in a shadow root. */
export function focusFirst(): void {
  const first = document.querySelector<HTMLElement>("main :is(.editor, input[type=search], textarea)");
  if (!first?.matches(".editor")) return first?.focus();
  const hosts = [...first.querySelectorAll("*")].map((one) => one.shadowRoot?.querySelector<HTMLElement>(".cm-content"));
  (hosts.find(Boolean) ?? first.querySelector("textarea"))?.focus();
}
