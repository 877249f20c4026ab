// Cells of a report as text.

/** Times without their fractions, shares with their sign, money as it is counted; nothing for nothing. */
export function cellText(column: string, cell: unknown): string {
  if (cell === null || cell === undefined) return "";
  if (typeof cell === "number") {
    if (column.endsWith("_percent")) return `${cell} %`;
    if (column.endsWith("_usd")) return `$${cell.toFixed(2)}`;
    return cell.toLocaleString("en");
  }
  if (typeof cell !== "string") return JSON.stringify(cell);
  const time = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)\.\d+Z$/.exec(cell);
  return time ? `${time[1]} ${time[2]}` : cell;
}

/** The tone of a check's state. */
export function stateTone(state: string): "ok" | "fail" | "warn" {
  if (state === "good") return "ok";
  return state === "attention" ? "fail" : "warn";
}

export interface Place {
  label: string;
  figure: number | null;
}

/** What is drawn of a column along another one: no figure where the cell has none. */
export function places(columns: string[], rows: unknown[][], along: string, column: string): Place[] {
  const [at, of] = [columns.indexOf(along), columns.indexOf(column)];
  return rows.map((row) => ({ label: cellText(along, row[at]), figure: typeof row[of] === "number" ? row[of] : null }));
}
