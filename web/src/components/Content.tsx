// What agents wrote, shown as what it is: a terminal, a diff, a message, folded JSON. All of it is hostile: it is
// only ever text, links are defanged, and nothing that a terminal would obey is obeyed.

import { ansiSpans, visible } from "../lib/ansi.ts";
import { defang } from "../lib/defang.ts";
import type { DiffLine } from "../lib/diff.ts";
import { useMemo, useState } from "react";

const CHARACTERS_MAX = 100_000;

export function Prose({ text }: { text: string }) {
  return <div className="prose">{defang(visible(text.slice(0, CHARACTERS_MAX)))}</div>;
}

export function Terminal({ command, output, label }: { command?: string; output?: string; label: string }) {
  const spans = useMemo(() => ansiSpans((output ?? "").slice(0, CHARACTERS_MAX)), [output]);
  return (
    <div className="terminal" role="region" aria-label={label} tabIndex={0}>
      {command !== undefined && (
        <div>
          <span className="prompt">$ </span>
          {defang(visible(command.slice(0, CHARACTERS_MAX)))}
        </div>
      )}
      {spans.map((span, place) => (
        <span
          key={place}
          style={{
            color: span.color === null ? undefined : `var(--t-${span.color})`,
            fontWeight: span.bold ? 650 : undefined,
            opacity: span.dim ? 0.75 : undefined,
          }}
        >
          {defang(span.text)}
        </span>
      ))}
    </div>
  );
}

export function Diff({ lines, label }: { lines: DiffLine[]; label: string }) {
  return (
    <div className="diff" role="region" aria-label={label} tabIndex={0}>
      {lines.map((line, place) => (
        <div key={place} className="diff-line" data-sign={line.sign}>
          <span>{line.sign === "@" ? "" : line.sign}</span>
          <span>{defang(visible(line.text))}</span>
        </div>
      ))}
    </div>
  );
}

/** JSON as a tree; what is deep or long is folded until somebody asks for it. */
export function Json({ value, depth = 0, open = 2 }: { value: unknown; depth?: number; open?: number }) {
  const entries = value !== null && typeof value === "object" ? Object.entries(value) : null;
  const [unfolded, setUnfolded] = useState(depth < open && (entries?.length ?? 0) <= 40);
  if (entries === null) return <Scalar value={value} />;
  const [left, right] = Array.isArray(value) ? ["[", "]"] : ["{", "}"];
  if (entries.length === 0) return <span className="json">{left + right}</span>;
  return (
    <span className="json">
      <button type="button" aria-expanded={unfolded} onClick={() => setUnfolded(!unfolded)}>
        {unfolded ? `▾ ${left}` : `▸ ${left} ${entries.length} ${right}`}
      </button>
      {unfolded && (
        <ul>
          {entries.slice(0, 500).map(([name, inner]) => (
            <li key={name}>
              <span className="key">{visible(name)}: </span>
              <Json value={inner} depth={depth + 1} open={open} />
            </li>
          ))}
          {entries.length > 500 && <li className="faint">and {entries.length - 500} more</li>}
        </ul>
      )}
      {unfolded && right}
    </span>
  );
}

const FOLD_AT = 600;

function Scalar({ value }: { value: unknown }) {
  const [all, setAll] = useState(false);
  if (typeof value === "number") return <span className="number">{String(value)}</span>;
  if (typeof value !== "string") return <span className="word">{String(value)}</span>;
  const folded = !all && value.length > FOLD_AT;
  const text = folded ? value.slice(0, FOLD_AT) : value.slice(0, CHARACTERS_MAX);
  return (
    <span className="string">
      {defang(visible(text))}
      {folded && (
        <button type="button" onClick={() => setAll(true)}>
          {" "}
          … {value.length - FOLD_AT} more characters
        </button>
      )}
    </span>
  );
}
