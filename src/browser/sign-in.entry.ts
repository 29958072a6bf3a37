import { browserSupportsWebAuthn } from '@simplewebauthn/browser';
import { showNotice, showPasskeyWays, startPage } from './page.ts';
import { PasskeySignIn } from './passkey-sign-in.ts';

startPage();

const button = document.querySelector<HTMLButtonElement>('button[data-passkey]');
if (button) {
  if (browserSupportsWebAuthn()) {
    showPasskeyWays();
    new PasskeySignIn(button).start();
  } else if (button.dataset.unsupported) {
    showNotice('neutral', button.dataset.unsupported, button.dataset.unsupportedNext);
  }
}
