// Whether a rule fires, waits, learns or rests.

import { BellRing, CircleCheck, GraduationCap } from "lucide-react";
import type { Rule } from "../../api/alerts.ts";

const STATES = {
  inactive: { Icon: CircleCheck, className: "status success", text: "Quiet", title: "Its condition does not hold" },
  learning: { Icon: GraduationCap, className: "status running", text: "Learning", title: "Its baseline has too few windows to say what is usual" },
  firing: { Icon: BellRing, className: "status failure", text: "Firing", title: "Its condition holds" },
};

export function RuleState({ rule }: { rule: Rule }) {
  const { Icon, className, text, title } = STATES[rule.state as keyof typeof STATES] ?? STATES.inactive;
  return (
    <span className={className} title={title}>
      <Icon aria-hidden />
      {text}
      {rule.firing ? <span className="num">({rule.firing})</span> : null}
    </span>
  );
}
