// How good the predictions of a model are: each beside what came of it, by its confidence, and by what it leaned on.

export interface Predicted {
  index: number;
  at: string;
  model: string;
  symbol: string | null;
  /** What was predicted; nothing where it is no number. */
  value: number | null;
  /** What was known last when it was predicted. */
  base: number | null;
  confidence: number | null;
  durationUs: number | null;
  /** What each input added to the prediction, as its explanation says. */
  parts: Record<string, number> | null;
}

export interface Outcome {
  at: string;
  symbol: string;
  value: number;
}

export interface Judged extends Predicted {
  outcome: number | null;
  /** How far off, as a share of the outcome. */
  error: number | null;
  /** Whether it moved the way that was predicted; nothing where no way was predicted. */
  right: boolean | null;
}

/** What comes later than this is no outcome of a prediction. */
export const WITHIN_MS = 15 * 60_000;

/** Each prediction with the first outcome of its symbol that follows it. */
export function judge(predictions: Predicted[], outcomes: Outcome[]): Judged[] {
  const bySymbol = new Map<string, Outcome[]>();
  for (const outcome of outcomes) bySymbol.set(outcome.symbol, [...(bySymbol.get(outcome.symbol) ?? []), outcome]);
  for (const list of bySymbol.values()) list.sort((a, b) => Date.parse(a.at) - Date.parse(b.at));
  return predictions.map((prediction) => {
    const at = Date.parse(prediction.at);
    const next = bySymbol.get(prediction.symbol ?? "")?.find((outcome) => Date.parse(outcome.at) >= at);
    const outcome = next !== undefined && Date.parse(next.at) - at <= WITHIN_MS ? next.value : null;
    const { value, base } = prediction;
    const error = outcome === null || outcome === 0 || value === null ? null : Math.abs(value - outcome) / Math.abs(outcome);
    const moved = outcome === null || base === null ? 0 : Math.sign(outcome - base);
    const meant = value === null || base === null ? 0 : Math.sign(value - base);
    return { ...prediction, outcome, error, right: moved === 0 || meant === 0 ? null : moved === meant };
  });
}

export interface ModelFigures {
  model: string;
  predictions: number;
  judged: number;
  accuracy: number | null;
  error: number | null;
  confidence: number | null;
  durationUs: number | null;
  /** Mean square of confidence minus what came true: 0 is perfect, 0.25 is a coin. */
  brier: number | null;
  explained: number;
}

const mean = (values: number[]): number | null => (values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length);
const given = <T>(values: (T | null)[]): T[] => values.filter((value) => value !== null);

function median(values: number[]): number | null {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? null;
}

export function figuresOf(judged: Judged[]): ModelFigures[] {
  const models = [...new Set(judged.map((one) => one.model))];
  return models.map((model) => {
    const mine = judged.filter((one) => one.model === model);
    const decided = mine.filter((one) => one.right !== null);
    return {
      model,
      predictions: mine.length,
      judged: decided.length,
      accuracy: mean(decided.map((one) => (one.right ? 1 : 0))),
      error: mean(given(mine.map((one) => one.error))),
      confidence: mean(given(mine.map((one) => one.confidence))),
      durationUs: median(given(mine.map((one) => one.durationUs))),
      brier: mean(given(decided.map((one) => (one.confidence === null ? null : (one.confidence - (one.right ? 1 : 0)) ** 2)))),
      explained: mine.filter((one) => one.parts !== null).length,
    };
  });
}

export interface Bin {
  from: number;
  to: number;
  n: number;
  confidence: number | null;
  accuracy: number | null;
}

/** Confidence in steps of a tenth beside how often it was right: a model that knows itself has both alike. */
export function calibration(judged: Judged[], steps = 10): Bin[] {
  return Array.from({ length: steps }, (_, place) => {
    const [from, to] = [place / steps, (place + 1) / steps];
    const within = judged.filter((one) => one.right !== null && one.confidence !== null && one.confidence >= from && (one.confidence < to || (place === steps - 1 && one.confidence <= 1)));
    return { from, to, n: within.length, confidence: mean(within.map((one) => one.confidence ?? 0)), accuracy: mean(within.map((one) => (one.right ? 1 : 0))) };
  });
}

/** What predictions leaned on: the mean size of what each input added. */
export function importance(judged: Judged[]): { name: string; size: number; n: number }[] {
  const sizes = new Map<string, number[]>();
  for (const { parts } of judged) for (const [name, value] of Object.entries(parts ?? {})) sizes.set(name, [...(sizes.get(name) ?? []), Math.abs(value)]);
  return [...sizes].map(([name, values]) => ({ name, size: mean(values) ?? 0, n: values.length })).sort((a, b) => b.size - a.size);
}
