// Positions and what they are worth, from the trades on the log alone.

export interface SymbolTrades {
  symbol: string;
  trades: number;
  finished: number;
  filled: number;
  bought: number;
  sold: number;
  paid: number;
  got: number;
  last_price: number | null;
  slippage: number | null;
  gas: number | null;
  p50: number | null;
}

export interface Position extends SymbolTrades {
  quantity: number;
  value: number | null;
  /** What was got and what is held, less what was paid: as if there had been nothing before. */
  result: number | null;
}

export function positionsOf(rows: SymbolTrades[]): Position[] {
  return rows.map((row) => {
    const quantity = row.bought - row.sold;
    const value = row.last_price === null ? null : quantity * row.last_price;
    return { ...row, quantity, value, result: value === null ? null : row.got - row.paid + value };
  });
}

export interface SlippageBin {
  ppm: number;
  n: number;
}

/** A histogram with every step between the lowest and the highest, also those where nothing lies. */
export function slippageBars(bins: SlippageBin[], stepPpm: number): { label: string; n: number; ppm: number }[] {
  if (bins.length === 0) return [];
  const [low, high] = [Math.min(...bins.map((bin) => bin.ppm)), Math.max(...bins.map((bin) => bin.ppm))];
  const bars = Math.min(200, Math.round((high - low) / stepPpm) + 1);
  const counts = new Map(bins.map((bin) => [bin.ppm, bin.n]));
  return Array.from({ length: bars }, (_, place) => {
    const ppm = low + place * stepPpm;
    return { ppm, n: counts.get(ppm) ?? 0, label: `${(ppm / 100).toLocaleString(undefined, { maximumFractionDigits: 1 })} bp` };
  });
}
