// The lines of an incident's course as a person reads them: what is told of one thing again and again before it is one line.

export interface CourseLine {
  at: string;
  kind: string;
  text: string;
}

export interface Told<Line> {
  /** The newest of them. */
  line: Line;
  /** Those before it, oldest first. */
  before: Line[];
}

/** What a change is of: `deployment of ops/release-manager`. Agents' ids have colons too, but no blank behind one. */
const subject = (line: CourseLine): string | null => (line.kind === "change" ? (/^.+? of .+?(?=: )/.exec(line.text)?.[0] ?? null) : null);

/** Changes that stand together, with nothing else between them, are told once for each thing that changed, where its newest stands. */
export function folded<Line extends CourseLine>(lines: Line[]): Told<Line>[] {
  const told: Told<Line>[] = [];
  let run = new Map<string, Told<Line>>();
  for (const line of lines) {
    const about = subject(line);
    if (about === null) run = new Map();
    const known = about === null ? undefined : run.get(about);
    const one: Told<Line> = { line, before: known ? [...known.before, known.line] : [] };
    if (known) told.splice(told.indexOf(known), 1);
    if (about !== null) run.set(about, one);
    told.push(one);
  }
  return told;
}
