import { startPage } from './page.ts';

startPage();

const sheet = document.querySelector<HTMLElement>('[data-sheet]');
if (sheet) offerKeeping(sheet);

/** Ways to keep the codes that the page alone does not have: into the clipboard, a file, the printer. */
function offerKeeping(ways: HTMLElement): void {
  const { text = '', file = '' } = ways.dataset;
  onPress(ways, '[data-copy]', async (button) => {
    await navigator.clipboard.writeText(text);
    button.textContent = button.dataset.copied ?? '';
  });
  onPress(ways, '[data-download]', () => save(text, file));
  onPress(ways, '[data-print]', () => window.print());
  if (!navigator.clipboard) ways.querySelector('[data-copy]')?.remove(); // as on a page without TLS
  ways.hidden = false;
}

function onPress(ways: HTMLElement, selector: string, act: (button: HTMLElement) => void | Promise<void>): void {
  const button = ways.querySelector<HTMLElement>(selector);
  // A browser that refuses does so in its own words, and the codes are still there to be read.
  button?.addEventListener('click', () => void Promise.resolve(act(button)).catch(() => undefined));
}

function save(text: string, file: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([text], { type: 'text/plain;charset=utf-8' }));
  link.download = file;
  link.click();
  URL.revokeObjectURL(link.href);
}
