/** What the application has learned of a person. */
export interface Person {
  readonly name?: string | undefined;
  readonly email?: string | undefined;
  /** The claims of the ID token. */
  readonly claims: Readonly<Record<string, unknown>>;
}

export const STYLESHEET = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 34rem; margin: 3rem auto; padding: 0 1rem; }
button { font: inherit; font-weight: 600; min-height: 44px; padding: 0 1.25rem; border-radius: 10px; border: 1px solid; cursor: pointer; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 0.25rem 1rem; overflow-wrap: anywhere; }
dt { opacity: 0.75; } dd { margin: 0; }
`;

/** The one page there is: for whoever is signed in, and for whoever is not. */
export function renderHome(person: Person | undefined, issuer: string): string {
  if (!person) {
    return renderPage(
      `<p>A small application that leaves signing in to <strong>${escapeHtml(issuer)}</strong>.</p>
       <form method="post" action="/sign-in"><button>Sign in</button></form>`,
    );
  }
  const rows = Object.entries(person.claims).map(
    ([name, value]) => `<dt>${escapeHtml(name)}</dt><dd>${escapeHtml(show(value))}</dd>`,
  );
  return renderPage(
    `<p>You are signed in as <strong>${escapeHtml(person.name ?? '')}</strong> ${escapeHtml(person.email ?? '')}</p>
     <form method="post" action="/sign-out"><button>Sign out</button></form>
     <h2>What the ID token says</h2>
     <dl>${rows.join('\n')}</dl>`,
  );
}

export function renderProblem(sentence: string): string {
  return renderPage(`<p>${escapeHtml(sentence)}</p><p><a href="/">Back to the start</a></p>`);
}

function renderPage(content: string): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Ledger</title>
<link rel="stylesheet" href="/style.css">
<main><h1>Ledger</h1>${content}</main>
</html>`;
}

function show(value: unknown): string {
  return Array.isArray(value) ? value.join(' ') : String(value);
}

function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
