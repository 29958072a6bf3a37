const DAY_MS = 86_400_000;

/** Writes the days of the page in the reader's zone, and today and yesterday by name; the server knows no zone. Precise ones have the time too. */
export function localizeTimes(): void {
  const language = document.documentElement.lang;
  const days = new Intl.DateTimeFormat(language, { dateStyle: 'long' });
  const clock = new Intl.DateTimeFormat(language, { timeStyle: 'short' });
  const near = new Intl.RelativeTimeFormat(language, { numeric: 'auto' });
  const today = startOfDay(new Date(Date.now()));
  for (const element of document.querySelectorAll('time')) {
    const moment = new Date(element.dateTime);
    const daysAgo = Math.round((today - startOfDay(moment)) / DAY_MS);
    const day = daysAgo === 0 || daysAgo === 1 ? near.format(-daysAgo, 'day') : days.format(moment);
    element.textContent = element.dataset.precise === undefined ? day : `${day}, ${clock.format(moment)}`;
  }
}

function startOfDay(moment: Date): number {
  return new Date(moment.getFullYear(), moment.getMonth(), moment.getDate()).getTime();
}
