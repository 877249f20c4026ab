// Turns over two weeks: a row for each schedule, a column for each day, a line for now.

import type { Duty, Schedule } from "../../api/oncall.ts";
import { visible } from "../../lib/ansi.ts";
import { type Piece, days, handoffTime, pieces } from "../../lib/oncall.ts";

const weekday = new Intl.DateTimeFormat(undefined, { weekday: "short" });
const date = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });
const share = (part: number) => `${(part * 100).toFixed(3)}%`;
/** A narrower piece has no room for a name; its own words are on hover. */
const NAMED_MIN = 0.05;
const NOBODY_MIN = 0.09;

export function TimeLine({ duty, shades }: { duty: Duty; shades: Map<string, string> }) {
  const [from, until] = [Date.parse(duty.at), Date.parse(duty.until)];
  const midnights = days(from, until);
  return (
    <section className="line-scroll" tabIndex={0} aria-label="Turns of the coming two weeks">
      <div className="line-grid">
        <div className="line-days" aria-hidden>
          {midnights.map((day) => (
            <span key={day.left} className={day.weekend ? "line-day weekend" : "line-day"} style={{ left: share(day.left) }}>
              <span>{weekday.format(day.at)}</span>
              <span className="dim">{date.format(day.at)}</span>
            </span>
          ))}
        </div>
        {duty.schedules.map((schedule) => (
          <Row key={schedule.name} schedule={schedule} shades={shades} from={from} until={until} midnights={midnights.map((day) => day.left)} />
        ))}
      </div>
    </section>
  );
}

interface RowProps {
  schedule: Schedule;
  shades: Map<string, string>;
  from: number;
  until: number;
  midnights: number[];
}

function Row({ schedule, shades, from, until, midnights }: RowProps) {
  return (
    <div className="line-row">
      <h3 className="line-name cut" title={visible(schedule.name)}>
        {visible(schedule.name)}
      </h3>
      <ol className="line-turns">
        {midnights.map((left) => (
          <li key={left} className="line-midnight" style={{ left: share(left) }} aria-hidden />
        ))}
        {pieces(schedule.turns, from, until).map((piece) => (
          <li
            key={piece.turn.from}
            className={`line-turn${piece.turn.person ? "" : " nobody"}${piece.turn.override ? " taken" : ""}${piece.open ? " open" : ""}`}
            style={{ left: share(piece.left), width: share(piece.width), "--shade": shades.get(piece.turn.person ?? "") } as React.CSSProperties}
            title={said(piece)}
          >
            <span className="hidden">{said(piece)}</span>
            {piece.width >= (piece.turn.person ? NAMED_MIN : NOBODY_MIN) && (
              <span className="cut" aria-hidden>
                {visible(piece.turn.person ?? "nobody")}
              </span>
            )}
          </li>
        ))}
      </ol>
    </div>
  );
}

function said({ turn }: Piece): string {
  const name = visible(turn.person ?? "nobody");
  return `${name}${turn.override ? " takes over" : ""}, ${handoffTime(turn.from)} to ${handoffTime(turn.until)}`;
}
