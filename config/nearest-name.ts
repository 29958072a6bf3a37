/** Beyond this many changed letters a name is another name, not a slip. */
const MAX_DISTANCE = 3;

/** The candidate that somebody meant who wrote `name`, if any is that near. */
export function findNearestName(name: string, candidates: readonly string[]): string | undefined {
  const [nearest] = candidates
    .map((candidate) => ({ candidate, distance: measureDistance(name, candidate) }))
    .filter(({ distance }) => distance <= MAX_DISTANCE)
    .sort((left, right) => left.distance - right.distance);
  return nearest?.candidate;
}

/** How many letters must be put in, taken out or changed to make `left` into `right` (Levenshtein). */
function measureDistance(left: string, right: string): number {
  let row = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (const [index, letter] of [...left].entries()) {
    const next = [index + 1];
    for (const [column, other] of [...right].entries()) {
      const [diagonal = 0, above = 0] = row.slice(column, column + 2);
      next.push(Math.min(above + 1, (next[column] ?? 0) + 1, diagonal + (letter === other ? 0 : 1)));
    }
    row = next;
  }
  return row[right.length] ?? 0;
}
