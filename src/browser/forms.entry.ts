import type { PasskeySignals } from '../wire/passkey-answers.ts';
import { startPage } from './page.ts';
import { sendSignals } from './signals.ts';
import { localizeTimes } from './times.ts';

startPage();
localizeTimes();

const signals = document.body.dataset.signals;
if (signals !== undefined) sendSignals(JSON.parse(signals) as PasskeySignals); // our own page wrote it
