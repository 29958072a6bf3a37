/**
 * Every sentence of the mails, in English: whole sentences with named placeholders, so that they can be translated. Of each message its
 * subject, its heading and what it says; `.action` is on its button, `.closing` comes last and `.notMe` before its link.
 */
export const en = {
  'verify-address.subject': 'Confirm your e-mail address for {organization}',
  'verify-address.heading': 'Confirm your e-mail address',
  'verify-address.body':
    'Type this code into the page that asked for it, or open the link. Each works once: the code for {codeDuration}, the link for {duration}.',
  'verify-address.action': 'Confirm the address',
  'verify-address.closing':
    'If you did not ask for this, there is nothing to do: without you the address is not confirmed.',

  'sign-in-code.subject': 'Your code to sign in to {organization}',
  'sign-in-code.heading': 'Your code to sign in',
  'sign-in-code.body': 'Type it into the page on which you are signing in. It works once, for {duration}.',
  'sign-in-code.closing':
    'Tell this code to nobody; the people who run {organization} never ask for it. If you are not signing in right now, ignore this mail: without the code nobody gets in.',

  'sign-up-code.subject': 'Your code to make an account at {organization}',
  'sign-up-code.heading': 'Your code to make an account',
  'sign-up-code.body': 'Type it into the page on which you are making your account. It works once, for {duration}.',
  'sign-up-code.closing':
    'If you are not making an account right now, there is nothing to do: without the code nobody makes one with your address.',

  'account-known.subject': 'You have an account at {organization} already',
  'account-known.heading': 'You have an account already',
  'account-known.body':
    'Somebody wanted to make an account with this address. If that was you, go back and sign in instead; if you have forgotten how, ask for help there.',
  'account-known.closing': 'If it was not you, there is nothing to do: your account is as it was.',

  'address-code.subject': 'Your code to use this address at {organization}',
  'address-code.heading': 'Your code to use this address',
  'address-code.body':
    'Somebody who is signed in at {organization} wants this to be the address of their account. If that is you, type the code into the page that asks for it. It works once, for {duration}.',
  'address-code.closing':
    'Tell this code to nobody. If it is not you, there is nothing to do: without the code nobody uses your address.',

  'address-taken.subject': 'This address has an account at {organization} already',
  'address-taken.heading': 'This address has an account already',
  'address-taken.body':
    'Somebody who is signed in at {organization} wanted to use it for another account, which cannot be. If that was you, choose another address, or sign in to the account that has this one.',
  'address-taken.closing': 'If it was not you, there is nothing to do: your account is as it was.',

  'address-changed.subject': 'The e-mail address of your account at {organization} was changed',
  'address-changed.heading': 'Your e-mail address was changed',
  'address-changed.body':
    'It is {newEmail} now: you sign in with it, and mails about your account go there. Nobody gets in by codes and links that were sent to this address before.',
  'address-changed.notMe':
    'Say so here within seven days. You can then sign everybody out and have this address back. Opening the page changes nothing yet.',

  'address-in-use.subject': 'This is the e-mail address of your account at {organization} now',
  'address-in-use.heading': 'This is your address now',
  'address-in-use.body':
    'You sign in with it from now on, and mails about your account come here. The address of before was told of it.',
  'address-in-use.closing': 'If you have no account at {organization}, tell the people who run it.',

  'address-restored.subject': 'The e-mail address of your account at {organization} was put back',
  'address-restored.heading': 'The earlier address was put back',
  'address-restored.body':
    'Somebody who reads the mails of the earlier address said that it was not they who changed it. The account has that address again, and everybody was signed out.',
  'address-restored.closing':
    'If it was you who changed it, sign in with the earlier address and change it once more. If you cannot sign in, ask the people who run {organization} to help you in.',

  'confirmation-code.subject': 'Your code to confirm a change at {organization}',
  'confirmation-code.heading': 'Your code to confirm a change',
  'confirmation-code.body':
    'You are about to change how you sign in. Type this code into the page that asks for it. It works once, for {duration}.',
  'confirmation-code.notMe':
    'Tell this code to nobody. If it is not you, somebody else is signed in as you: you can sign them out here.',

  'confirmation-link.subject': 'Confirm a change at {organization}',
  'confirmation-link.heading': 'Confirm the change',
  'confirmation-link.body':
    'You are about to change how you sign in. Open this link to confirm that it is you. It works once, for {duration}.',
  'confirmation-link.action': 'Confirm that it is me',
  'confirmation-link.notMe':
    'If it is not you, do not confirm it: somebody else is signed in as you. You can sign them out here.',

  'other-device-link.subject': 'Make a passkey on another device for {organization}',
  'other-device-link.heading': 'Make a passkey on another device',
  'other-device-link.body':
    'Open this link on the device that the passkey is for. You will be asked to show that it is you there, and then to approve it where you began. The link works once, for {duration}.',
  'other-device-link.action': 'Continue on this device',
  'other-device-link.notMe':
    'If you did not ask for this, do not open the link: somebody else is signed in as you. You can sign them out here.',

  'passkey-requested.subject': 'A new passkey was asked for at {organization}',
  'passkey-requested.heading': 'A new passkey was asked for',
  'passkey-requested.body':
    'Somebody who is signed in to your account wants to make a passkey on another device. You will get another mail when it is done.',

  'passkey-added.subject': 'A passkey was added to your account at {organization}',
  'passkey-added.heading': 'A passkey was added',
  'passkey-added.body': 'From now on you can sign in with “{name}”.',

  'passkey-removed.subject': 'A passkey was deleted from your account at {organization}',
  'passkey-removed.heading': 'A passkey was deleted',
  'passkey-removed.body':
    'Nobody can sign in with “{name}” any more. If your device still offers it, delete it there too.',

  'passkey-renamed.subject': 'A passkey of your account at {organization} has a new name',
  'passkey-renamed.heading': 'A passkey has a new name',
  'passkey-renamed.body': '“{formerName}” is called “{name}” now. It works as before.',

  'totp-on.subject': 'An authenticator app was set up for your account at {organization}',
  'totp-on.heading': 'An authenticator app was set up',
  'totp-on.body': 'From now on its code is asked for when you sign in with a password.',

  'totp-off.subject': 'The authenticator app was removed from your account at {organization}',
  'totp-off.heading': 'The authenticator app was removed',
  'totp-off.body': 'Its codes do not work any more. You can delete the entry in the app.',

  'password-off.subject': 'Your password at {organization} is switched off',
  'password-off.heading': 'Your password is switched off',
  'password-off.body': 'You have signed in with a passkey, which takes its place. The password opens nothing any more.',

  'password-on.subject': 'Your password at {organization} is switched on again',
  'password-on.heading': 'Your password is switched on again',
  'password-on.body':
    'The people who run {organization} let passwords be used beside passkeys again. You can sign in with yours as before.',

  'password-changed.subject': 'Your password at {organization} was changed',
  'password-changed.heading': 'Your password was changed',
  'password-changed.body': 'Every other browser and device was signed out.',

  'password-set.subject': 'Your account at {organization} has a password now',
  'password-set.heading': 'Your account has a password now',
  'password-set.body': 'From now on you can sign in with it. Every other browser and device was signed out.',

  'password-removed.subject': 'Your password at {organization} was removed',
  'password-removed.heading': 'Your password was removed',
  'password-removed.body': 'It opens nothing any more. Sign in with a passkey.',

  'password-reset-link.subject': 'Set a new password for {organization}',
  'password-reset-link.heading': 'Set a new password',
  'password-reset-link.body':
    'Open this link and choose a new password. It works once, for {duration}. Your second step, if you have one, is still asked for.',
  'password-reset-link.action': 'Choose a new password',
  'password-reset-link.closing': 'If you did not ask for this, there is nothing to do: your password stays as it is.',

  'password-reset.subject': 'Your password at {organization} was reset',
  'password-reset.heading': 'Your password was reset',
  'password-reset.body':
    'That was done with a link from a mail to this address. Every browser and device was signed out.',

  'new-sign-in.subject': 'A new sign-in to your account at {organization}',
  'new-sign-in.heading': 'A new sign-in',
  'new-sign-in.body': 'Your account was signed in to from a browser or device that it was not used with before.',

  'recovery-started.subject': 'Somebody wants to recover your account at {organization}',
  'recovery-started.heading': 'Somebody wants to recover your account',
  'recovery-started.body':
    'If that is you, wait: on {opensAt} you get a link with which you can make a new passkey. Until then nothing changes, and you can sign in as ever.',
  'recovery-started.warning': 'If it is not you, stop it now.',
  'recovery-started.action': 'Stop the recovery',

  'recovery-cancelled.subject': 'The recovery of your account at {organization} was stopped',
  'recovery-cancelled.heading': 'The recovery was stopped',
  'recovery-cancelled.body': 'Nothing has changed, and you sign in as ever.',
  'recovery-cancelled.closing':
    'If you did not stop it yourself, somebody else may read your mail: change the password of your mailbox.',

  'recovery-ready.subject': 'You can recover your account at {organization} now',
  'recovery-ready.heading': 'You can recover your account now',
  'recovery-ready.body':
    'The waiting time is over. Open this link on a device of yours and make a new passkey. It works once, for {duration}. If that was too short, ask for help again within a day: you are sent another one and need not wait.',
  'recovery-ready.action': 'Recover my account',

  'recovery-offered.subject': 'A link to get back into your account at {organization}',
  'recovery-offered.heading': 'Get back into your account',
  'recovery-offered.body':
    'The people who run {organization} have made this link for you. Open it on a device of yours and make a new passkey. It works once, for {duration}.',
  'recovery-offered.action': 'Make a new passkey',
  'recovery-offered.closing': 'If you did not ask them for it, tell them.',

  'recovery-done.subject': 'Your account at {organization} was recovered',
  'recovery-done.heading': 'Your account was recovered',
  'recovery-done.body': 'A new passkey was made for it. Every other browser and device was signed out.',

  'recovery-codes-made.subject': 'You have new recovery codes for {organization}',
  'recovery-codes-made.heading': 'You have new recovery codes',
  'recovery-codes-made.body': 'Keep them where only you find them. Earlier ones do not work any more.',

  'recovery-codes-removed.subject': 'Your recovery codes for {organization} were removed',
  'recovery-codes-removed.heading': 'Your recovery codes were removed',
  'recovery-codes-removed.body': 'None of them works any more. You can make new ones on your security page.',

  'recovery-code-used.subject': 'A recovery code was used for your account at {organization}',
  'recovery-code-used.heading': 'A recovery code was used',
  'recovery-code-used.body': 'It does not work again. Codes that are left: {codesLeft}.',

  'fact.at': 'When',
  'fact.device': 'With',
  'fact.place': 'Where',

  'code.label': 'Your code',
  'link.plain': 'Or copy this address into your browser:',
  'notMe.heading': 'Wasn’t that you?',
  'notMe.body':
    'Say so here: everybody is signed out, and what is new is taken away again. Opening the page changes nothing yet.',
  'notMe.action': 'This wasn’t me',
  'notMe.stop.body': 'Stop it, and nobody gets in by that link. Opening the page changes nothing yet.',
  'notMe.stop.action': 'Stop the recovery',
  footer: 'This mail was sent to {to} because it is about how you sign in at {organization}.',
} as const;
