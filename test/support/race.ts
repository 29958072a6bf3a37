/** Makes `count` calls at once and answers their results, in the order of the calls. */
export function race<Result>(count: number, call: (index: number) => Promise<Result>): Promise<Result[]> {
  return Promise.all(Array.from({ length: count }, (_, index) => call(index)));
}
