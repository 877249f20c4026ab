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
