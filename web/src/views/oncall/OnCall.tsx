// Who is on call: now, next, and over the coming two weeks; who takes over, and who is told when nobody answers.

import { CalendarClock, CalendarPlus, Phone, UserRoundX } from "lucide-react";
import { useState } from "react";
import { isOff } from "../../api/alerts.ts";
import { useMayAct } from "../../api/health.ts";
import { type Duty, type Override, type Policy, type Schedule, useDuty, useGivingBack } from "../../api/oncall.ts";
import { NotSwitchedOn } from "../../components/AlertMarks.tsx";
import { AlertNav } from "../../components/AlertNav.tsx";
import { PageHead } from "../../components/PageHead.tsx";
import { Empty, Loaded, Panel } from "../../components/Panel.tsx";
import { visible } from "../../lib/ansi.ts";
import { defang } from "../../lib/defang.ts";
import { plural } from "../../lib/format.ts";
import { EXAMPLE, colors, spanText, targets } from "../../lib/oncall.ts";
import { TakeOver } from "./TakeOver.tsx";
import { TimeLine } from "./TimeLine.tsx";
import { When } from "./When.tsx";

export default function OnCall() {
  const duty = useDuty();
  const may = useMayAct();
  const [isNew, setNew] = useState(false);
  const off = duty.data === undefined && isOff(duty.error);
  const schedules = duty.data?.schedules ?? [];
  return (
    <>
      <PageHead title="On call" sub="Who is told when something happens, now and in the coming two weeks">
        <AlertNav />
        {schedules.length > 0 && !isNew && may && (
          <button type="button" className="button primary" onClick={() => setNew(true)}>
            <CalendarPlus aria-hidden /> Take over
          </button>
        )}
      </PageHead>
      {off ? (
        <Panel>
          <NotSwitchedOn />
        </Panel>
      ) : (
        <Loaded query={duty} height={320}>
          {(duty) => (
            <div className="stack">
              {isNew && <TakeOver duty={duty} onDone={() => setNew(false)} />}
              {duty.schedules.length === 0 ? <Nobody /> : <Served duty={duty} may={may} />}
              <Policies policies={duty.escalations} />
              {duty.people.length > 0 && <People duty={duty} />}
            </div>
          )}
        </Loaded>
      )}
    </>
  );
}

function Nobody() {
  return (
    <Panel>
      <Empty title="There is no schedule yet" icon={<CalendarClock />}>
        People take turns when the routing says so: write this into routing.yaml in the data folder, with your people and how each is reached: by phone, mail, chat or a web hook. It counts as soon as it is saved.
      </Empty>
      <pre className="code oncall-example" tabIndex={0} aria-label="An example of routing.yaml">
        {EXAMPLE}
      </pre>
    </Panel>
  );
}

function Served({ duty, may }: { duty: Duty; may: boolean }) {
  const shades = colors(duty.schedules.flatMap((schedule) => [...schedule.people, ...schedule.turns.flatMap((turn) => turn.person ?? [])]));
  return (
    <>
      <div className="grid" style={{ "--min": "270px" } as React.CSSProperties}>
        {duty.schedules.map((schedule) => (
          <Now key={schedule.name} schedule={schedule} shades={shades} />
        ))}
      </div>
      <Panel title="The coming two weeks" note="in your time zone">
        <TimeLine duty={duty} shades={shades} />
      </Panel>
      <Overrides overrides={duty.overrides} may={may} />
    </>
  );
}

function Now({ schedule, shades }: { schedule: Schedule; shades: Map<string, string> }) {
  const { now, next } = schedule;
  return (
    <Panel title={visible(schedule.name)} note={visible(schedule.location)}>
      <div className="oncall-now">
        {now.person ? (
          <strong className="oncall-person" style={{ "--shade": shades.get(now.person) } as React.CSSProperties}>
            <Phone aria-hidden /> {visible(now.person)}
          </strong>
        ) : (
          <strong className="oncall-person status failure">
            <UserRoundX aria-hidden /> Nobody
          </strong>
        )}
        <span className="dim">
          until <When at={now.until} />
          {now.override && ", takes over"}
        </span>
        <span>
          {next?.person ? (
            <>
              <span className="dim">then</span> {visible(next.person)} <span className="dim">from</span> <When at={next.from} />
            </>
          ) : (
            <span className="dim">nobody else in the coming two weeks</span>
          )}
        </span>
      </div>
    </Panel>
  );
}

function Overrides({ overrides, may }: { overrides: Override[]; may: boolean }) {
  const giving = useGivingBack();
  return (
    <Panel title="Who takes over" flush>
      {overrides.length === 0 ? (
        <p className="dim oncall-none">Nobody: each turn is as the schedule has it.</p>
      ) : (
        <ul className="oncall-overrides">
          {overrides.map((one) => (
            <li key={one.id}>
              <span>
                <strong>{visible(one.person)}</strong> <span className="dim">in</span> {visible(one.schedule)}
              </span>
              <span className="dim">
                <When at={one.starts_at} /> to <When at={one.ends_at} />
              </span>
              <span className="grow">
                {defang(visible(one.comment))} <span className="dim">by {visible(one.by)}</span>
              </span>
              {may && (
                <button type="button" className="button small" disabled={giving.isPending} aria-label={`Take back that ${visible(one.person)} takes over in ${visible(one.schedule)}`} onClick={() => giving.mutate(one.id)}>
                  Take back
                </button>
              )}
            </li>
          ))}
        </ul>
      )}
      {giving.isError && (
        <p className="chip fail" role="alert">
          {giving.error.message}
        </p>
      )}
    </Panel>
  );
}

function Policies({ policies }: { policies: Policy[] }) {
  return (
    <Panel title="While nobody answers" note="escalation policies of the routing">
      {policies.length === 0 ? (
        <p className="dim">
          As built in: critical alerts go to <code>oncall</code> at once, to <code>oncall-second</code> after 15 minutes and to <code>management</code> after 30; warnings to <code>oncall</code> after 15. A policy named <code>critical</code> or <code>warning</code> in routing.yaml takes its place.
        </p>
      ) : (
        <div className="stack">
          {policies.map((policy) => (
            <section key={policy.name} className="policy" aria-label={`Policy ${visible(policy.name)}`}>
              <h3>{visible(policy.name)}</h3>
              <ol className="levels">
                {policy.levels.map((level) => (
                  <li key={level.after_s}>
                    <span className="level-after num">{level.after_s === 0 ? spanText(0) : `after ${spanText(level.after_s)}`}</span>
                    {targets(level).map((name) => (
                      <span key={name} className="chip">
                        {visible(name)}
                      </span>
                    ))}
                  </li>
                ))}
              </ol>
              <span className="dim small">
                {policy.repeat === 0 ? "Once" : `And again ${plural(policy.repeat, "time")}, ${spanText(policy.repeat_after_s)} after the last level`}, until somebody answers
              </span>
            </section>
          ))}
        </div>
      )}
    </Panel>
  );
}

function People({ duty }: { duty: Duty }) {
  return (
    <Panel title="People" note="and the receivers by which they are told">
      <dl className="facts">
        {duty.people.map((person) => (
          <div key={person.name} style={{ display: "contents" }}>
            <dt>{visible(person.name)}</dt>
            <dd>{person.receivers.map(visible).join(", ")}</dd>
          </div>
        ))}
      </dl>
    </Panel>
  );
}
