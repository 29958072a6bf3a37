import { type PublicKeyCredentialRequestOptionsJSON, startAuthentication } from '@simplewebauthn/browser';
import { startCeremonyForm } from './ceremony-form.ts';
import { startPage } from './page.ts';

startPage();

const form = document.querySelector<HTMLFormElement>('form[data-confirm]');
if (form) {
  startCeremonyForm<PublicKeyCredentialRequestOptionsJSON>(form, {
    run: (optionsJSON) => startAuthentication({ optionsJSON }),
    findRpId: ({ rpId }) => rpId,
    isUnknown: ({ answer }) => answer.reason === 'unknown',
  });
}
