// The search bar with completion of fields and of their values.

import { CornerDownLeft, Search } from "lucide-react";
import { type FormEvent, useEffect, useId, useMemo, useRef, useState } from "react";
import { useAgentNames } from "../../api/agents.ts";
import { useSql } from "../../api/sql.ts";
import { visible } from "../../lib/ansi.ts";
import { complete } from "../../lib/complete.ts";
import { readingOf } from "../../lib/pipetext.ts";

export function SearchBar({ value, onSearch }: { value: string; onSearch: (text: string) => void }) {
  const [text, setText] = useState(value);
  const [open, setOpen] = useState(false);
  const [active, setActive] = useState(-1);
  const field = useRef<HTMLInputElement>(null);
  const list = useId();
  useEffect(() => setText(value), [value]);
  const agents = useAgentNames();
  const names = useSql<{ action_name: string }>("SELECT action_name FROM agent_audit_log WHERE timestamp > now() - INTERVAL '7 days' GROUP BY 1 ORDER BY count(*) DESC LIMIT 200");
  const offers = useMemo(() => complete(text, { agent: agents.data?.rows.map((row) => row.id) ?? [], name: names.data?.rows.map((row) => row.action_name) ?? [] }), [text, agents.data, names.data]);
  const shown = open && offers.length > 0;
  const submit = (event?: FormEvent) => {
    event?.preventDefault();
    setOpen(false);
    onSearch(text.trim());
  };
  const take = (offer: string) => {
    setText(offer);
    setActive(-1);
    field.current?.focus();
    if (readingOf(offer).kind === "search" && !offer.endsWith(":")) {
      setOpen(false);
      onSearch(offer.trim());
    }
  };
  const keys = (event: React.KeyboardEvent) => {
    if (event.key === "Escape") setOpen(false);
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (by !== undefined && offers.length > 0) {
      event.preventDefault();
      setOpen(true);
      setActive((active + by + offers.length) % offers.length);
    }
    const offer = offers[active];
    if ((event.key === "Enter" || event.key === "Tab") && shown && offer) {
      event.preventDefault();
      take(offer.text);
    }
  };
  return (
    <form className="search-bar grow" onSubmit={submit} role="search">
      <div className="field">
        <Search aria-hidden />
        <input
          ref={field}
          data-search
          value={text}
          onChange={(event) => {
            setText(event.target.value);
            setOpen(true);
            setActive(-1);
          }}
          onFocus={() => setOpen(true)}
          onBlur={() => window.setTimeout(() => setOpen(false), 150)}
          onKeyDown={keys}
          placeholder='status:failed "connection reset" -agent:ops/* duration_us:>1000000'
          aria-label="Search events"
          role="combobox"
          aria-expanded={shown}
          aria-controls={list}
          aria-autocomplete="list"
          spellCheck={false}
          autoComplete="off"
        />
        <button type="submit" className="button bare small square" aria-label="Search" title="Search">
          <CornerDownLeft aria-hidden />
        </button>
      </div>
      {shown && (
        <div className="popup offers" id={list} role="listbox" aria-label="Completions">
          {offers.map((offer, place) => (
            <div key={offer.text} role="option" aria-selected={place === active} tabIndex={-1} className="popup-item" data-highlighted={place === active ? "" : undefined} onMouseDown={(event) => event.preventDefault()} onClick={() => take(offer.text)} onKeyDown={keys}>
              <code>{visible(offer.shown)}</code>
              <span className="faint">{offer.hint}</span>
            </div>
          ))}
        </div>
      )}
    </form>
  );
}
