// Which columns the list shows; none chosen means the usual ones.

import { Menu } from "@base-ui/react/menu";
import { Check, Columns3 } from "lucide-react";
import { Choice } from "../../components/Controls.tsx";
import { useParam } from "../../lib/useView.ts";

const OFFERED = ["timestamp", "agent_id", "agent_name", "session_id", "action_type", "action_name", "outcome_status", "class", "level", "user_id", "model", "duration_us", "cost_usd", "tokens_input", "tokens_output", "exit_code", "error_type", "environment", "team", "source", "known", "call_id", "action_details", "outcome_result", "outcome_error", "index"];

export function useColumns(): [string[], (columns: string[]) => void] {
  const [text, setText] = useParam("cols");
  return [text === "" ? [] : text.split(",").filter((name) => OFFERED.includes(name)), (columns) => setText(columns.join(","))];
}

export function columnTemplate(columns: string[]): string {
  return columns.map((name) => (/_us$|^tokens|^index$|exit_code|cost/.test(name) ? "minmax(60px, 110px)" : "minmax(90px, 1fr)")).join(" ");
}

export function Columns({ chosen, onChange }: { chosen: string[]; onChange: (columns: string[]) => void }) {
  const flip = (name: string) => onChange(chosen.includes(name) ? chosen.filter((one) => one !== name) : [...chosen, name]);
  return (
    <Choice label={<><Columns3 aria-hidden /> Columns</>} title="Columns">
      <Menu.Item className="popup-item" onClick={() => onChange([])}>
        The usual ones
      </Menu.Item>
      {OFFERED.map((name) => (
        <Menu.CheckboxItem key={name} className="popup-item" checked={chosen.includes(name)} onCheckedChange={() => flip(name)} closeOnClick={false}>
          <span style={{ width: 15 }}>{chosen.includes(name) && <Check aria-hidden />}</span>
          <code>{name}</code>
        </Menu.CheckboxItem>
      ))}
    </Choice>
  );
}
