/** What the command line answers to the program that called it; docs/command-line.md explains each. */
export const EXIT = { done: 0, refused: 1, wrongUsage: 2, notFound: 3, unusable: 4 } as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];
