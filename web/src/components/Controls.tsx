// Controls: copy, choose a time range, choose one of a few.

import { Menu } from "@base-ui/react/menu";
import { Check, ChevronDown, Copy as CopyIcon } from "lucide-react";
import { useState } from "react";
import { PRESETS, type Preset, type Range, rangeName } from "../lib/range.ts";

/** Where there is no clipboard (a page without TLS from another machine), an old way still works. */
async function copy(text: string): Promise<void> {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const area = document.createElement("textarea");
  area.value = text;
  document.body.append(area);
  area.select();
  document.execCommand("copy");
  area.remove();
}

export function Copy({ text, label = "Copy", children }: { text: string; label?: string; children?: string }) {
  const [done, setDone] = useState(false);
  const press = async () => {
    await copy(text);
    setDone(true);
    window.setTimeout(() => setDone(false), 1500);
  };
  return (
    <button type="button" className={children ? "button small" : "button bare small square"} onClick={() => void press()} aria-label={children ? undefined : label} title={label}>
      {done ? <Check aria-hidden /> : <CopyIcon aria-hidden />}
      {children && (done ? "Copied" : children)}
      <span className="hidden" role="status">
        {done ? "Copied" : ""}
      </span>
    </button>
  );
}

export function Command({ text, label }: { text: string; label?: string }) {
  return (
    <div className="command">
      <pre>{text}</pre>
      <Copy text={text} label={label ?? "Copy this command"} />
    </div>
  );
}

interface RangePickerProps {
  range: Range;
  onChange: (range: Range) => void;
}

export function RangePicker({ range, onChange }: RangePickerProps) {
  const presets = Object.keys(PRESETS) as Preset[];
  const ranges: Range[] = [...presets.map((preset): Range => ({ kind: "last", preset, ms: PRESETS[preset] * 60_000 })), { kind: "all" }];
  return (
    <Choice label={rangeName(range)} title="Time range">
      {ranges.map((choice) => (
        <Menu.Item key={rangeName(choice)} className="popup-item" onClick={() => onChange(choice)}>
          {rangeName(choice)}
        </Menu.Item>
      ))}
    </Choice>
  );
}

export function Choice({ label, title, children, bare = false }: { label: React.ReactNode; title: string; children: React.ReactNode; bare?: boolean }) {
  return (
    <Menu.Root modal={false}>
      <Menu.Trigger className={bare ? "button bare" : "button"} title={title} aria-label={typeof label === "string" ? `${title}: ${label}` : title}>
        {label}
        <ChevronDown aria-hidden />
      </Menu.Trigger>
      <Menu.Portal>
        <Menu.Positioner className="positioner" sideOffset={5} align="end">
          <Menu.Popup className="popup">{children}</Menu.Popup>
        </Menu.Positioner>
      </Menu.Portal>
    </Menu.Root>
  );
}

export interface TabsProps<Name extends string> {
  label: string;
  value: Name;
  choices: readonly (readonly [Name, string])[];
  onChange: (value: Name) => void;
}

/** A choice of one, with arrow keys as a radio group has them. */
export function Tabs<Name extends string>({ label, value, choices, onChange }: TabsProps<Name>) {
  const move = (by: number) => {
    const at = choices.findIndex(([name]) => name === value);
    const next = choices[(at + by + choices.length) % choices.length];
    if (next) onChange(next[0]);
  };
  return (
    <div
      className="tabs"
      role="tablist"
      aria-label={label}
      onKeyDown={(event) => {
        if (event.key === "ArrowRight") move(1);
        if (event.key === "ArrowLeft") move(-1);
      }}
    >
      {choices.map(([name, text]) => (
        <button key={name} type="button" role="tab" aria-selected={name === value} tabIndex={name === value ? 0 : -1} onClick={() => onChange(name)}>
          {text}
        </button>
      ))}
    </div>
  );
}
