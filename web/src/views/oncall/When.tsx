// A handoff, to the minute; the exact moment is on hover.

import { handoffTime } from "../../lib/oncall.ts";
import { exactTime } from "../../lib/time.ts";

export function When({ at }: { at: string }) {
  return (
    <time dateTime={at} title={exactTime(at)} className="num">
      {handoffTime(at)}
    </time>
  );
}
