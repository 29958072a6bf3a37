/** What to look for in a user agent, the more telling first: nearly every browser also claims to be Chrome or Safari. */
const BROWSERS: readonly (readonly [mark: string, name: string])[] = [
  ['Edg', 'Edge'],
  ['OPR/', 'Opera'],
  ['SamsungBrowser/', 'Samsung Internet'],
  ['Firefox/', 'Firefox'],
  ['FxiOS/', 'Firefox'],
  ['Chrome/', 'Chrome'],
  ['CriOS/', 'Chrome'],
  ['Safari/', 'Safari'],
];

const SYSTEMS: readonly (readonly [mark: string, name: string])[] = [
  ['Windows', 'Windows'],
  ['iPhone', 'iPhone'],
  ['iPad', 'iPad'],
  ['Mac OS X', 'Mac'],
  ['CrOS', 'ChromeOS'],
  ['Android', 'Android'],
  ['Linux', 'Linux'],
];

/** What a person calls the browser and system behind a `User-Agent`, such as `Chrome on Windows`: an unsigned hint, for display only. */
export function describeBrowser(userAgent: string): string {
  const browser = findName(BROWSERS, userAgent);
  const system = findName(SYSTEMS, userAgent);
  if (browser && system) return `${browser} on ${system}`;
  return browser ?? system ?? 'Unknown browser';
}

/** Whether what `describeBrowser` answered is a phone or tablet. */
export function isHandheld(description: string): boolean {
  return /iPhone|iPad|Android/.test(description);
}

/** What a person calls the system behind a `User-Agent`, such as `Windows`. */
export function describeSystem(userAgent: string): string | undefined {
  return findName(SYSTEMS, userAgent);
}

function findName(marks: typeof BROWSERS, userAgent: string): string | undefined {
  return marks.find(([mark]) => userAgent.includes(mark))?.[1];
}
