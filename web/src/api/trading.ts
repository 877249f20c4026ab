// Trades and the models behind them.

import type { Outcome, Predicted } from "../lib/models.ts";
import { parseJson } from "../lib/parts.ts";
import { type Range, rangeSql, stepSeconds } from "../lib/range.ts";
import type { SlippageBin, SymbolTrades } from "../lib/trades.ts";
import { useSql } from "./sql.ts";

const REFRESH = { refresh: 15_000 };
const number = (column: string) => `TRY_CAST(${column} AS DOUBLE)`;
/** Slippage that costs: paid more when buying, got less when selling. */
const COSTS = "CASE WHEN side = 'sell' THEN -slippage_ppm ELSE slippage_ppm END";

export interface TradeNumbers {
  trades: number;
  finished: number;
  filled: number;
  p50: number | null;
  p95: number | null;
  slippage: number | null;
  slippage_p95: number | null;
  worst: number | null;
  gas: number | null;
  gas_failed: number | null;
  volume: number | null;
}

export function useTradeNumbers(range: Range) {
  return useSql<TradeNumbers>(
    `SELECT count(*) AS trades, count(*) FILTER (WHERE outcome_status IN ('success', 'failure')) AS finished,
      count(*) FILTER (WHERE outcome_status = 'success') AS filled,
      approx_percentile_cont(duration_us, 0.5) AS p50, approx_percentile_cont(duration_us, 0.95) AS p95,
      avg(${COSTS}) AS slippage, approx_percentile_cont(${COSTS}, 0.95) AS slippage_p95, max(${COSTS}) AS worst,
      avg(gas_used) AS gas, sum(gas_used) FILTER (WHERE outcome_status = 'failure') AS gas_failed,
      sum(${number("price")} * ${number("quantity")}) FILTER (WHERE outcome_status = 'success') AS volume
    FROM agent_audit_log WHERE action_type = 'trade' AND ${rangeSql(range)}`,
    REFRESH,
  );
}

export function useSymbols(range: Range) {
  const side = (word: string, value: string) => `coalesce(sum(${value}) FILTER (WHERE side = '${word}' AND outcome_status = 'success'), 0)`;
  const [quantity, worth] = [number("quantity"), `${number("price")} * ${number("quantity")}`];
  return useSql<SymbolTrades>(
    `SELECT coalesce(symbol, 'not said') AS symbol, count(*) AS trades, count(*) FILTER (WHERE outcome_status IN ('success', 'failure')) AS finished,
      count(*) FILTER (WHERE outcome_status = 'success') AS filled,
      ${side("buy", quantity)} AS bought, ${side("sell", quantity)} AS sold, ${side("buy", worth)} AS paid, ${side("sell", worth)} AS got,
      last_value(${number("price")} ORDER BY index) AS last_price, avg(${COSTS}) AS slippage, avg(gas_used) AS gas, approx_percentile_cont(duration_us, 0.5) AS p50
    FROM agent_audit_log WHERE action_type = 'trade' AND ${rangeSql(range)} GROUP BY 1 ORDER BY trades DESC LIMIT 200`,
    REFRESH,
  );
}

/** Widths of the bars of slippage, millionths: one basis point. */
export const SLIPPAGE_STEP_PPM = 100;

export function useSlippage(range: Range) {
  return useSql<SlippageBin>(
    `SELECT CAST(round(CAST(greatest(-10000, least(10000, ${COSTS})) AS DOUBLE) / ${SLIPPAGE_STEP_PPM}) AS BIGINT) * ${SLIPPAGE_STEP_PPM} AS ppm, count(*) AS n
    FROM agent_audit_log WHERE action_type = 'trade' AND slippage_ppm IS NOT NULL AND ${rangeSql(range)} GROUP BY 1 ORDER BY 1`,
    REFRESH,
  );
}

export interface TradeBucket {
  t: string;
  outcome_status: string;
  n: number;
}

export function useTradeSeries(range: Range, spanMs: number) {
  const step = stepSeconds(spanMs, 48);
  const query = useSql<TradeBucket>(
    `SELECT date_bin(INTERVAL '${step} seconds', timestamp) AS t, outcome_status, count(*) AS n
    FROM agent_audit_log WHERE action_type = 'trade' AND ${rangeSql(range)} GROUP BY 1, 2 ORDER BY 1 LIMIT 5000`,
    REFRESH,
  );
  return { step, query };
}

export interface Risk {
  t: string;
  name: string;
  value: number | null;
}

/** Risk and volatility as they were measured and sent. */
export function useRisk(range: Range, spanMs: number) {
  const step = stepSeconds(spanMs, 48);
  const query = useSql<Risk>(
    `SELECT date_bin(INTERVAL '${step} seconds', timestamp) AS t, action_name AS name, avg(${number("action_details->>'value'")}) AS value
    FROM agent_audit_log WHERE action_type = 'metric' AND (action_name ILIKE '%risk%' OR action_name ILIKE '%volatility%' OR action_name ILIKE '%drawdown%' OR action_name ILIKE '%exposure%')
      AND ${rangeSql(range)} GROUP BY 1, 2 ORDER BY 1 LIMIT 5000`,
    REFRESH,
  );
  return { step, query };
}

export const PREDICTIONS_MAX = 1000;

interface PredictionRow {
  index: number;
  timestamp: string;
  model: string | null;
  symbol: string | null;
  value: string | null;
  inputs: string | null;
  confidence: number | null;
  duration_us: number | null;
  decision: string | null;
}

/** The newest predictions; what an explanation says is read here, so that a broken one spoils nothing else. */
export function usePredictions(range: Range) {
  const query = useSql<PredictionRow>(
    `SELECT index, timestamp, model, coalesce(symbol, action_details->>'symbol') AS symbol, left(outcome_result, 200) AS value, left(action_details, 4000) AS inputs,
      confidence_ppm / 1000000.0 AS confidence, duration_us, left(decision, 4000) AS decision
    FROM agent_audit_log WHERE action_type = 'model_decision' AND ${rangeSql(range)} ORDER BY index DESC LIMIT ${PREDICTIONS_MAX}`,
    { refresh: 30_000 },
  );
  return query;
}

const numeric = (value: unknown): number | null => (typeof value === "number" && Number.isFinite(value) ? value : typeof value === "string" && value.trim() !== "" && Number.isFinite(Number(value)) ? Number(value) : null);
const object = (value: unknown): Record<string, unknown> => (value !== null && typeof value === "object" && !Array.isArray(value) ? (value as Record<string, unknown>) : {});

export function predictedOf(row: PredictionRow): Predicted {
  const inputs = object(parseJson(row.inputs));
  const explanation = object(parseJson(row.decision));
  const closes = [inputs.close, inputs.price, inputs.last].find((value) => value !== undefined);
  const parts = Object.entries(object(explanation.values)).flatMap(([name, value]) => (numeric(value) === null ? [] : [[name, numeric(value) ?? 0] as const]));
  return {
    index: row.index,
    at: row.timestamp,
    model: row.model ?? "not said",
    symbol: row.symbol,
    value: numeric(parseJson(row.value)),
    base: numeric(Array.isArray(closes) ? closes.at(-1) : closes),
    confidence: numeric(row.confidence),
    durationUs: row.duration_us,
    parts: parts.length === 0 ? null : Object.fromEntries(parts),
  };
}

/** Prices that were got: what predictions are held against. */
export function useOutcomes(range: Range) {
  return useSql<Outcome>(
    `SELECT timestamp AS at, symbol, ${number("price")} AS value
    FROM agent_audit_log WHERE action_type = 'trade' AND symbol IS NOT NULL AND price IS NOT NULL AND ${rangeSql(range)} ORDER BY index DESC LIMIT ${PREDICTIONS_MAX * 2}`,
    { refresh: 30_000 },
  );
}
