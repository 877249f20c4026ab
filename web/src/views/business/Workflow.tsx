// Workflows by time and by step.

import { useMemo, useState } from "react";
import { Link, useNavigate } from "react-router";
import { type WorkflowStep, useEnded, useWorkflowSteps } from "../../api/business.ts";
import { Histogram } from "../../components/Histogram.tsx";
import { Empty, Loaded, Panel } from "../../components/Panel.tsx";
import { type Column, Table } from "../../components/Table.tsx";
import { visible } from "../../lib/ansi.ts";
import { count, duration, percent } from "../../lib/format.ts";
import { exploreUrl } from "../../lib/links.ts";
import { type Range, bounds } from "../../lib/range.ts";
import { axisOf } from "../../lib/series.ts";
import { withTerm } from "../../lib/sqltext.ts";

export function Ended({ range }: { range: Range }) {
  const [now] = useState(Date.now);
  const [from, to] = bounds(range, now, now - 30 * 86_400_000);
  const { step, query } = useEnded(range, to - from);
  const axis = useMemo(() => axisOf(from, to, step), [from, to, step]);
  const navigate = useNavigate();
  return (
    <Panel title="Workflows and tasks that ended" note="by time">
      <Loaded query={query} height={220} empty={({ rows }) => rows.length === 0} nothing={<Empty title="None ended in this time" />}>
        {({ rows }) => <Histogram axis={axis} rows={rows} height={220} onZoom={(start, end) => navigate(exploreUrl("", { kind: "between", from: start, to: end }))} />}
      </Loaded>
    </Panel>
  );
}

export function Steps({ range }: { range: Range }) {
  const steps = useWorkflowSteps(range);
  const columns = useMemo(() => columnsOf(range), [range]);
  return (
    <Panel title="By step" note="stages of workflows and messages" flush className="steps">
      <Loaded query={steps} height={220} empty={({ rows }) => rows.length === 0} nothing={<Empty title="No event names a step" />}>
        {({ rows }) => <Table label="Steps of workflows" rows={rows} columns={columns} sort="-n" sortName="steps" id={(row) => row.step} />}
      </Loaded>
    </Panel>
  );
}

function columnsOf(range: Range): Column<WorkflowStep>[] {
  const rate = (row: WorkflowStep) => (row.finished === 0 ? null : 1 - row.failures / row.finished);
  return [
    { name: "step", title: "Step", value: (row) => row.step, show: (row) => <Link to={exploreUrl(withTerm("", "stage", row.step), range)}>{visible(row.step)}</Link> },
    { name: "n", title: "Events", right: true, value: (row) => row.n, show: (row) => <span className="num">{count(row.n)}</span> },
    { name: "workflows", title: "Workflows", right: true, value: (row) => row.workflows, show: (row) => <span className="num">{count(row.workflows)}</span> },
    { name: "success", title: "Success", right: true, value: rate, show: (row) => <span className="num" title={`${count(row.failures)} of ${count(row.finished)} failed`}>{percent(rate(row))}</span> },
    { name: "avg", title: "Takes", right: true, value: (row) => row.avg, show: (row) => <span className="num">{duration(row.avg)}</span> },
  ];
}
