// How far an incident is.

import { BellRing, CircleCheck, FileText, Search, Wrench } from "lucide-react";
import type { Stage } from "../../api/incidents.ts";

const STAGES = {
  reception: { Icon: BellRing, className: "status failure", text: "Received" },
  investigation: { Icon: Search, className: "status running", text: "Investigation" },
  remediation: { Icon: Wrench, className: "status partial", text: "Remediation" },
  post_mortem: { Icon: FileText, className: "status", text: "Post-mortem" },
  closed: { Icon: CircleCheck, className: "status success", text: "Closed" },
};

export const stageText = (state: Stage): string => STAGES[state]?.text ?? state;

export function StageMark({ state }: { state: Stage }) {
  const { Icon, className, text } = STAGES[state] ?? STAGES.reception;
  return (
    <span className={className}>
      <Icon aria-hidden />
      {text}
    </span>
  );
}
