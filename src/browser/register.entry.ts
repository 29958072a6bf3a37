import { type PublicKeyCredentialCreationOptionsJSON, startRegistration } from '@simplewebauthn/browser';
import { startCeremonyForm } from './ceremony-form.ts';
import { startPage } from './page.ts';
import { isMadeForNothing, makeSilently } from './silent-passkey.ts';

startPage();

const form = document.querySelector<HTMLFormElement>('form[data-register]');
if (form) {
  startCeremonyForm<PublicKeyCredentialCreationOptionsJSON>(form, {
    run: (optionsJSON) => startRegistration({ optionsJSON }),
    findRpId: ({ rp }) => rp.id,
    isUnknown: isMadeForNothing,
  });
  if (form.dataset.silent !== undefined) void makeSilently(form);
}
