// Who is told, over which channels, and what became of each notice.

import { CircleCheck, Hourglass, Layers, OctagonX, Send } from "lucide-react";
import { useMemo, useState } from "react";
import { Link } from "react-router";
import { type Delivery, type Receiver, isOff, useDeliveries, useReceivers, useTesting } from "../../api/alerts.ts";
import { useMayAct } from "../../api/health.ts";
import { ActDialog } from "../../components/ActDialog.tsx";
import { NotSwitchedOn } from "../../components/AlertMarks.tsx";
import { AlertNav } from "../../components/AlertNav.tsx";
import { Tabs } from "../../components/Controls.tsx";
import { Time } from "../../components/Marks.tsx";
import { PageHead } from "../../components/PageHead.tsx";
import { Empty, Loaded, Panel } from "../../components/Panel.tsx";
import { type Column, Table } from "../../components/Table.tsx";
import { visible } from "../../lib/ansi.ts";
import { count } from "../../lib/format.ts";
import { useParam } from "../../lib/useView.ts";

const DELIVERIES_MAX = 200;
const STATES = [
  ["all", "All"],
  ["waiting", "Waiting"],
  ["failed", "Failed"],
] as const;
const MARKS = {
  sent: { Icon: CircleCheck, className: "status success", text: "Sent" },
  waiting: { Icon: Hourglass, className: "status running", text: "Waiting" },
  failed: { Icon: OctagonX, className: "status failure", text: "Failed" },
  digested: { Icon: Layers, className: "status success", text: "With others" },
};

export default function Receivers() {
  const receivers = useReceivers();
  const off = receivers.data === undefined && isOff(receivers.error);
  return (
    <>
      <PageHead title="Receivers" sub="Who is told, and what became of each notice">
        <AlertNav />
      </PageHead>
      {off ? (
        <Panel>
          <NotSwitchedOn />
        </Panel>
      ) : (
        <div className="stack">
          <Loaded query={receivers} height={200} empty={({ receivers }) => receivers.length === 0} nothing={<Empty title="There is no receiver">Alerts are shown here, and nobody is told. Receivers are in the configuration.</Empty>}>
            {({ receivers }) => <Cards receivers={receivers} />}
          </Loaded>
          <Deliveries />
        </div>
      )}
    </>
  );
}

function Cards({ receivers }: { receivers: Receiver[] }) {
  const [testing, setTesting] = useState<Receiver | null>(null);
  const [told, setTold] = useState<string | null>(null);
  const test = useTesting();
  const may = useMayAct();
  return (
    <>
      {told !== null && (
        <p className="chip ok" role="status">
          A test for {visible(told)} is on its way: see its deliveries below
        </p>
      )}
      <div className="grid" style={{ "--min": "300px" } as React.CSSProperties}>
        {receivers.map((receiver) => (
          <Panel
            key={receiver.name}
            title={visible(receiver.name)}
            actions={
              may &&
              <button type="button" className="button small" disabled={receiver.channels.length === 0 && !receiver.schedule} aria-label={`Send a test to ${visible(receiver.name)}`} onClick={() => { test.reset(); setTesting(receiver); }}>
                <Send aria-hidden /> Test
              </button>
            }
          >
            <div className="stack">
              {receiver.schedule && (
                <p>
                  Whoever is <Link className="link" to="/oncall">on call</Link> in {visible(receiver.schedule)}
                </p>
              )}
              {receiver.channels.length === 0 && !receiver.schedule && <p className="dim">It has no channel: its alerts are shown on this page only.</p>}
              {receiver.channels.length > 0 && (
                <ul className="stack said">
                  {receiver.channels.map((channel, place) => (
                    <li key={place} className="channel">
                      <span className="chip">{visible(channel.kind)}</span>
                      <span className="cut mono">{visible(channel.to)}</span>
                      <span className="num dim small">
                        {count(channel.sent)} sent, {channel.digested > 0 && `${count(channel.digested)} told with others, `}{count(channel.waiting)} waiting, <span className={channel.failed > 0 ? "status failure" : undefined}>{count(channel.failed)} failed</span>
                      </span>
                      {channel.last_error && <span className="chip fail wide-chip">{visible(channel.last_error)}</span>}
                    </li>
                  ))}
                </ul>
              )}
            </div>
          </Panel>
        ))}
      </div>
      <ActDialog
        act={testing === null ? null : "test"}
        about={visible(testing?.name ?? "")}
        busy={test.isPending}
        error={test.error}
        onClose={() => setTesting(null)}
        onDo={() => testing && test.mutate(testing.name, { onSuccess: () => { setTold(testing.name); setTesting(null); } })}
      />
    </>
  );
}

function Deliveries() {
  const deliveries = useDeliveries(DELIVERIES_MAX);
  const [word, setState] = useParam("state", "all");
  const state = STATES.find(([name]) => name === word)?.[0] ?? "all";
  const columns = useMemo(columnsOf, []);
  return (
    <Panel title="Deliveries" note={`the newest ${DELIVERIES_MAX}`} actions={<Tabs label="State" value={state} choices={STATES} onChange={setState} />} flush>
      <Loaded query={deliveries} height={200}>
        {({ deliveries }) => {
          const shown = deliveries.filter((one) => state === "all" || one.state === state);
          if (shown.length === 0) return <Empty title={deliveries.length === 0 ? "Nothing was sent yet" : "None in this state"} icon={<Send />} />;
          return <Table label="Deliveries" rows={shown} columns={columns} sort="-at" id={(one) => one.id} />;
        }}
      </Loaded>
    </Panel>
  );
}

function State({ delivery }: { delivery: Delivery }) {
  const { Icon, className, text } = MARKS[delivery.state as keyof typeof MARKS] ?? MARKS.waiting;
  return (
    <span className={className} title={delivery.error ? visible(delivery.error) : undefined}>
      <Icon aria-hidden />
      {text}
    </span>
  );
}

function columnsOf(): Column<Delivery>[] {
  return [
    { name: "title", title: "Notice", value: (one) => one.title, show: (one) => <span className="cut">{visible(one.title)}</span> },
    { name: "state", title: "State", value: (one) => one.state, show: (one) => <State delivery={one} /> },
    { name: "receiver", title: "Receiver", value: (one) => one.receiver, show: (one) => visible(one.receiver) },
    { name: "notice", title: "Kind", value: (one) => one.notice, show: (one) => visible(one.notice) },
    { name: "channel", title: "Channel", value: (one) => one.channel, show: (one) => <span className="dim">{visible(one.channel)}</span> },
    { name: "attempts", title: "Attempts", right: true, value: (one) => one.attempts, show: (one) => <span className="num" title={one.due ? `next ${new Date(one.due).toLocaleString()}` : undefined}>{count(one.attempts)}</span> },
    { name: "error", title: "Error", value: (one) => one.error ?? "", show: (one) => <span className="dim">{visible(one.error ?? "")}</span> },
    { name: "at", title: "At", right: true, value: (one) => Date.parse(one.at) || 0, show: (one) => <Time at={one.at} /> },
  ];
}
