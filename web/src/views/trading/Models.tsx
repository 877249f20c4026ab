// Models: how often they are right, how sure they are, what they lean on, and how quick they are.

import { useMemo } from "react";
import { Link } from "react-router";
import { PREDICTIONS_MAX, predictedOf, useOutcomes, usePredictions } from "../../api/trading.ts";
import { Chart, type ChartOption } from "../../components/Chart.tsx";
import { Bar, Stat } from "../../components/Figures.tsx";
import { Empty, Loaded, Panel } from "../../components/Panel.tsx";
import { type Column, Table } from "../../components/Table.tsx";
import { visible } from "../../lib/ansi.ts";
import { count, duration, percent, plural } from "../../lib/format.ts";
import { exploreUrl } from "../../lib/links.ts";
import { type Judged, type ModelFigures, WITHIN_MS, calibration, figuresOf, importance, judge } from "../../lib/models.ts";
import type { Range } from "../../lib/range.ts";
import { withTerm } from "../../lib/sqltext.ts";
import { useParam } from "../../lib/useView.ts";

const decimal = (value: number | null) => (value === null ? "–" : value.toLocaleString(undefined, { maximumFractionDigits: 3 }));

export function Models({ range }: { range: Range }) {
  const predictions = usePredictions(range);
  const outcomes = useOutcomes(range);
  const [model, setModel] = useParam("model");
  const judged = useMemo(() => judge((predictions.data?.rows ?? []).map(predictedOf), outcomes.data?.rows ?? []), [predictions.data, outcomes.data]);
  const figures = useMemo(() => figuresOf(judged), [judged]);
  const chosen = useMemo(() => judged.filter((one) => model === "" || one.model === model), [judged, model]);
  const columns = useMemo(() => columnsOf(range, setModel), [range, setModel]);
  return (
    <Loaded query={predictions} height={400} empty={({ rows }) => rows.length === 0} nothing={<Panel><Empty title="No prediction in this time">Predictions show here when an event says <code>model_id</code> and <code>prediction</code>.</Empty></Panel>}>
      {({ rows }) => (
        <div className="stack">
          {rows.length === PREDICTIONS_MAX && <p className="chip">The newest {count(PREDICTIONS_MAX)} predictions of this time</p>}
          <Sums judged={chosen} name={model} onAll={() => setModel("")} />
          <div className="grid" style={{ "--min": "400px" } as React.CSSProperties}>
            <Calibration judged={chosen} />
            <LeansOn judged={chosen} />
          </div>
          <Panel title="By model" flush>
            <Table label="By model" rows={figures} columns={columns} sort="-predictions" id={(row) => row.model} />
          </Panel>
        </div>
      )}
    </Loaded>
  );
}

function Sums({ judged, name, onAll }: { judged: Judged[]; name: string; onAll: () => void }) {
  const all = figuresOf(judged.map((one) => ({ ...one, model: "all" })))[0];
  if (!all) return <Empty title="Nothing of this model in this time" />;
  return (
    <>
      {name !== "" && (
        <p className="row">
          <code>{visible(name)}</code>
          <button type="button" className="button small" onClick={onAll}>
            Show all models
          </button>
        </p>
      )}
      <div className="stats">
        <Stat label="Right direction" value={percent(all.accuracy)} sub={`of ${plural(all.judged, "prediction")} with an outcome`} title={`Whether the first price that was got for the instrument within ${WITHIN_MS / 60_000} minutes lay on the predicted side of the last price known.`} />
        <Stat label="Off by" value={percent(all.error, 2)} sub="of the price, on average" />
        <Stat label="Confidence" value={percent(all.confidence)} sub="as predictions say" />
        <Stat label="Brier score" value={decimal(all.brier)} sub="0 is perfect, 0.25 a coin" title="Mean square of the confidence minus 1 where it was right, 0 where it was wrong." />
        <Stat label="Half take at most" value={duration(all.durationUs)} />
        <Stat label="Explained" value={percent(all.predictions === 0 ? null : all.explained / all.predictions)} sub={`of ${plural(all.predictions, "prediction")} say on what they rest`} />
      </div>
    </>
  );
}

function Calibration({ judged }: { judged: Judged[] }) {
  const bins = useMemo(() => calibration(judged).filter((bin) => bin.n > 0), [judged]);
  const option = useMemo<ChartOption>(
    () => ({
      xAxis: { type: "category", data: bins.map((bin) => `${Math.round(bin.from * 100)}–${Math.round(bin.to * 100)} %`) },
      yAxis: { type: "value", min: 0, max: 1, interval: 0.25, axisLabel: { formatter: (value: number) => percent(value, 0) } },
      tooltip: { valueFormatter: (value: unknown) => percent(Number(value)) },
      legend: { top: 0, right: 0 },
      grid: { left: 4, right: 22, top: 30, bottom: 4, outerBoundsMode: "same", outerBoundsContain: "axisLabel" },
      series: [
        { name: "Was right", type: "bar", itemStyle: { color: "--accent-fill" }, data: bins.map((bin) => bin.accuracy) },
        { name: "Was this sure", type: "line", itemStyle: { color: "--warn" }, symbolSize: 7, data: bins.map((bin) => bin.confidence) },
      ],
    }),
    [bins],
  );
  return (
    <Panel title="Does it know what it knows" note="a model that does has both alike">
      {bins.length === 0 ? <Empty title="No prediction has an outcome yet">A prediction is held against the price of the next trade of its instrument.</Empty> : <Chart option={option} height={230} label="Confidence and how often predictions were right" />}
    </Panel>
  );
}

function LeansOn({ judged }: { judged: Judged[] }) {
  const parts = useMemo(() => importance(judged).slice(0, 10), [judged]);
  const top = parts[0]?.size ?? 1;
  return (
    <Panel title="What it leans on" note="mean size of what each input added, as explanations say" flush>
      {parts.length === 0 ? (
        <Empty title="No prediction explains itself" />
      ) : (
        <ul className="lines">
          {parts.map((part) => (
            <li key={part.name} className="line leans">
              <span className="cut mono">{visible(part.name)}</span>
              <Bar part={top === 0 ? 0 : part.size / top} />
              <span className="num right">{decimal(part.size)}</span>
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}

function columnsOf(range: Range, onModel: (model: string) => void): Column<ModelFigures>[] {
  return [
    {
      name: "model",
      title: "Model",
      value: (row) => row.model,
      show: (row) => (
        <button type="button" className="button bare small cut" onClick={() => onModel(row.model)} title={`Only ${visible(row.model)}`}>
          {visible(row.model)}
        </button>
      ),
    },
    { name: "predictions", title: "Predictions", right: true, value: (row) => row.predictions, show: (row) => <Link className="num" to={exploreUrl(withTerm("type:model_decision", "model", row.model), range)}>{count(row.predictions)}</Link> },
    { name: "accuracy", title: "Right direction", right: true, value: (row) => row.accuracy, show: (row) => <span className="num" title={`of ${row.judged} with an outcome`}>{percent(row.accuracy)}</span> },
    { name: "error", title: "Off by", right: true, value: (row) => row.error, show: (row) => <span className="num">{percent(row.error, 2)}</span> },
    { name: "confidence", title: "Confidence", right: true, value: (row) => row.confidence, show: (row) => <span className="num">{percent(row.confidence)}</span> },
    { name: "brier", title: "Brier", right: true, value: (row) => row.brier, show: (row) => <span className="num">{decimal(row.brier)}</span> },
    { name: "time", title: "Half within", right: true, value: (row) => row.durationUs, show: (row) => <span className="num">{duration(row.durationUs)}</span> },
    { name: "explained", title: "Explained", right: true, value: (row) => row.explained, show: (row) => <span className="num">{count(row.explained)}</span> },
  ];
}
