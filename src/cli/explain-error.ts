import { CommanderError } from 'commander';
import { AppError } from '../lib/app-error.ts';
import { InputError } from '../lib/input-error.ts';
import { CliError } from './cli-error.ts';
import { EXIT, type ExitCode } from './exit-code.ts';

/** Why a command ended, as lines for people and as a number for programs. */
export interface Explanation {
  readonly exitCode: ExitCode;
  readonly lines: readonly string[];
}

const WEAKNESSES: ReadonlyMap<string | undefined, string> = new Map([
  ['too-short', 'too short'],
  ['too-long', 'too long'],
  ['common', 'on the lists that thieves try first'],
  ['context', 'made of the e-mail or of the name of the organization'],
]);

/** Explains whatever a command threw; what it does not know is a bug of ours and keeps its stack. */
export function explainError(error: unknown): Explanation {
  // commander has written its own lines by now; it ends help and version this way too, with 0
  if (error instanceof CommanderError)
    return { exitCode: error.exitCode === 0 ? EXIT.done : EXIT.wrongUsage, lines: [] };
  if (error instanceof CliError) return { exitCode: error.exitCode, lines: [`error: ${error.message}`] };
  if (error instanceof InputError) {
    return {
      exitCode: EXIT.refused,
      lines: error.problems.map(({ field, message }) => ['error:', field, message].filter(Boolean).join(' ')),
    };
  }
  if (error instanceof AppError) return explainRefusal(error);
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { exitCode: EXIT.unusable, lines: [`unexpected error: ${text}`] };
}

function explainRefusal({ code, field, reason }: AppError): Explanation {
  const refused = (sentence: string) => ({ exitCode: EXIT.refused, lines: [`error: ${sentence}`] });
  switch (code) {
    case 'not_found':
      return { exitCode: EXIT.notFound, lines: ['error: it is not there, or not any more'] };
    case 'store_unavailable':
      return {
        exitCode: EXIT.unusable,
        lines: ['error: the store does not answer; is its disk full, or another program holding it?'],
      };
    case 'account_exists':
      return refused('the organization has an account with this e-mail already');
    case 'weak_password':
      return refused(`the password is ${WEAKNESSES.get(reason) ?? 'too weak'}`);
    case 'changed_meanwhile':
      return refused('somebody else changed it at the same moment; nothing was done, so try again');
    case 'method_not_offered':
      return refused('the account is disabled, or the policy of its organization does not allow it');
    case 'malformed_request':
      return refused(`${field ?? 'the input'} is not well-formed`);
    default:
      return refused([code.replaceAll('_', ' '), reason].filter(Boolean).join(': '));
  }
}
