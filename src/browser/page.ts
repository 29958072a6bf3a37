/** What every page does: it says that it is working, takes no second press, and puts the focus on what happened. */

type Tone = 'error' | 'neutral';

/** Starts what every page has, with the page as the server sent it. */
export function startPage(): void {
  document.addEventListener('submit', (event) => {
    const form = event.target;
    // A form that a script sends is looked after by that script.
    if (form instanceof HTMLFormElement && !event.defaultPrevented) submitOnce(form, event);
  });
  // A page that comes back from the history still shows the button as it was pressed.
  window.addEventListener('pageshow', (event) => {
    if (event.persisted) for (const button of document.querySelectorAll('button')) setReady(button);
  });
  document.querySelector<HTMLElement>('#notice[autofocus]')?.focus();
}

function submitOnce(form: HTMLFormElement, event: SubmitEvent): void {
  if (form.querySelector('[aria-disabled="true"]')) {
    event.preventDefault();
    return;
  }
  // Not `disabled`: that would take the button's own name and value out of what is sent.
  if (event.submitter instanceof HTMLButtonElement) setWorking(event.submitter, document.body.dataset.working);
}

/** Shows that a button was pressed and keeps it from being pressed again; its words are kept for `setReady`. */
export function setWorking(button: HTMLButtonElement, words: string | undefined): void {
  const label = button.querySelector('[data-label]') ?? button;
  button.dataset.ready = label.textContent ?? '';
  button.setAttribute('aria-disabled', 'true');
  if (words) label.textContent = words;
}

/** Undoes `setWorking`; `words` replace those that the button had before. */
export function setReady(button: HTMLButtonElement, words = button.dataset.ready): void {
  if (!isWorking(button)) return;
  button.removeAttribute('aria-disabled');
  const label = button.querySelector('[data-label]') ?? button;
  if (words !== undefined) label.textContent = words;
}

export function isWorking(button: HTMLButtonElement): boolean {
  return button.getAttribute('aria-disabled') === 'true';
}

/** Says first on the page what happened and what to do next, and moves the focus there. */
export function showNotice(tone: Tone, title: string, next = ''): void {
  const notice = document.querySelector<HTMLElement>('#notice');
  if (!notice) return;
  const heading = document.createElement('strong');
  heading.textContent = title;
  const words = document.createElement('p');
  words.append(heading, ' ', next);
  notice.replaceChildren(words);
  notice.dataset.tone = tone;
  notice.hidden = false;
  notice.focus();
}

export function hideNotice(): void {
  const notice = document.querySelector<HTMLElement>('#notice');
  if (notice) notice.hidden = true;
}

/** Shows what needs passkeys, where the browser has them; without this script it stays hidden. */
export function showPasskeyWays(): void {
  for (const element of document.querySelectorAll<HTMLElement>('[data-needs-passkeys]')) {
    element.hidden = false;
    if (element instanceof HTMLButtonElement) element.disabled = false;
  }
}
