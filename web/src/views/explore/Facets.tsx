// The commonest values of a few fields among the hits; a click asks for one of them, or for all but it.

import { Minus } from "lucide-react";
import { useCounted } from "../../api/insight.ts";
import { Bar } from "../../components/Figures.tsx";
import { visible } from "../../lib/ansi.ts";
import { count, short } from "../../lib/format.ts";
import type { Range } from "../../lib/range.ts";

const FIELDS = [
  ["status", "outcome_status", "Status"],
  ["type", "action_type", "Kind"],
  ["name", "action_name", "Action"],
  ["agent", "agent_id", "Agent"],
  ["class", "class", "Class"],
  ["model", "model", "Model"],
] as const;

interface FacetsProps {
  condition: string;
  range: Range;
  /** With the short name that a search has for the column. */
  onPick: (field: string, column: string, value: string, negated: boolean) => void;
}

export function Facets(props: FacetsProps) {
  return (
    <aside className="facets" aria-label="Values among the hits">
      {FIELDS.map(([field, column, title]) => (
        <Facet key={field} field={field} column={column} title={title} {...props} />
      ))}
    </aside>
  );
}

function Facet({ field, column, title, condition, range, onPick }: FacetsProps & { field: string; column: string; title: string }) {
  const values = useCounted(column, `(${condition}) AND ${column} IS NOT NULL`, range, 8);
  const rows = values.data?.rows ?? [];
  if (rows.length === 0) return null;
  const top = rows[0]?.n ?? 1;
  return (
    <section>
      <h3 className="field-title">{title}</h3>
      <ul>
        {rows.map((row) => {
          const value = row.name ?? "";
          return (
            <li key={value} className="facet">
              <button type="button" onClick={() => onPick(field, column, value, false)} title={`Only ${visible(value)} (${count(row.n)})`}>
                <span className="cut">{visible(value)}</span>
                <span className="num faint">{short(row.n)}</span>
                <Bar part={row.n / top} />
              </button>
              <button type="button" className="facet-not" onClick={() => onPick(field, column, value, true)} aria-label={`All but ${visible(value)}`} title="All but this">
                <Minus size={12} aria-hidden />
              </button>
            </li>
          );
        })}
      </ul>
    </section>
  );
}
