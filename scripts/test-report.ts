interface Failure {
  /** The file, or `check`. */
  readonly where: string;
  readonly name: string;
  readonly details: string;
}

interface NotRun {
  readonly where: string;
  readonly name: string;
  readonly reason: string;
}

/** What became of every check and test. */
export class TestReport {
  readonly #failures: Failure[] = [];
  readonly #notRun: NotRun[] = [];
  #passed = 0;

  /** Nothing failed, and something was run. */
  get isGood(): boolean {
    return this.#failures.length === 0 && this.#passed > 0;
  }

  addPass(): void {
    this.#passed += 1;
  }

  addFailure(failure: Failure): void {
    this.#failures.push(failure);
  }

  addNotRun(notRun: NotRun): void {
    this.#notRun.push(notRun);
  }

  /** Failures in full, then what was not run and why; the last line holds the counts. */
  describe(): string {
    const failures = this.#failures.map(
      ({ where, name, details }) => `\nFAILED  ${where}: ${name}\n${details.trimEnd().replace(/^(?=.)/gm, '  ')}\n`,
    );
    const notRun = this.#notRun.map(({ where, name, reason }) => `  ${where}: ${name}\n    ${reason}\n`);
    const heading = notRun.length > 0 ? `\nNOT RUN (${notRun.length}), so nothing is known of it:\n` : '';
    const counts = `${this.#passed} passed, ${this.#failures.length} failed, ${this.#notRun.length} skipped`;
    return `${failures.join('')}${heading}${notRun.join('')}\n${counts}\n`;
  }
}
