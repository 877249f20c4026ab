// Numbers, durations, money and bytes as people of the browser's locale read them.

const whole = new Intl.NumberFormat();
const compact = new Intl.NumberFormat(undefined, { notation: "compact", maximumFractionDigits: 1 });

export const NONE = "–";

export function count(value: number | null | undefined): string {
  return value == null ? NONE : whole.format(value);
}

export function short(value: number | null | undefined): string {
  if (value == null) return NONE;
  return Math.abs(value) < 10_000 ? whole.format(Math.round(value * 10) / 10) : compact.format(value);
}

export function percent(part: number | null | undefined, digits = 1): string {
  if (part == null || Number.isNaN(part)) return NONE;
  return new Intl.NumberFormat(undefined, { style: "percent", maximumFractionDigits: digits }).format(part);
}

export function money(usd: number | string | null | undefined): string {
  if (usd == null) return NONE;
  const value = Number(usd);
  const digits = value !== 0 && Math.abs(value) < 0.01 ? 6 : 2;
  return new Intl.NumberFormat(undefined, {
    style: "currency",
    currency: "USD",
    currencyDisplay: "narrowSymbol",
    minimumFractionDigits: 2,
    maximumFractionDigits: digits,
  }).format(value);
}

/** Large sums in few characters. */
export function moneyShort(usd: number | null | undefined): string {
  if (usd == null || Math.abs(usd) < 100_000) return money(usd);
  return new Intl.NumberFormat(undefined, { style: "currency", currency: "USD", currencyDisplay: "narrowSymbol", notation: "compact", maximumFractionDigits: 1 }).format(usd);
}

export function duration(us: number | null | undefined): string {
  if (us == null) return NONE;
  const number = (value: number, digits: number) =>
    new Intl.NumberFormat(undefined, { maximumFractionDigits: digits }).format(value);
  if (us < 1_000) return `${number(us, 0)} µs`;
  if (us < 1_000_000) return `${number(us / 1_000, us < 10_000 ? 1 : 0)} ms`;
  if (us < 60_000_000) return `${number(us / 1_000_000, 1)} s`;
  const seconds = Math.round(us / 1_000_000);
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60)];
  if (hours >= 48) return `${number(hours / 24, 1)} d`;
  return hours > 0 ? `${hours} h ${minutes} min` : `${minutes} min ${seconds % 60} s`;
}

export function bytes(value: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  const power = value < 1000 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(value) / 3));
  return `${new Intl.NumberFormat(undefined, { maximumFractionDigits: 1 }).format(value / 1000 ** power)} ${units[power]}`;
}

/** A change in words of a ratio: "+12 %", or nothing when there was nothing before. */
export function change(now: number, before: number): string | null {
  if (before === 0) return null;
  const ratio = (now - before) / before;
  return new Intl.NumberFormat(undefined, { style: "percent", maximumFractionDigits: 0, signDisplay: "exceptZero" }).format(ratio);
}

export function plural(number: number, one: string, many = `${one}s`): string {
  return `${count(number)} ${number === 1 ? one : many}`;
}
