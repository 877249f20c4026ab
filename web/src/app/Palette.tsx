// The command palette: pages, agents, an event by its id, a search for whatever was typed.

import { Dialog } from "@base-ui/react/dialog";
import { Bot, FileSearch, Search } from "lucide-react";
import { type ComponentType, useEffect, useMemo, useState } from "react";
import { useNavigate } from "react-router";
import { useAgentNames } from "../api/agents.ts";
import { visible } from "../lib/ansi.ts";
import { useIsLimited } from "../api/health.ts";
import { type Page, pagesFor } from "./pages.tsx";

interface Item {
  key: string;
  text: string;
  hint: string;
  icon: ComponentType<{ "aria-hidden"?: boolean }>;
  to: string;
}

const ITEMS_MAX = 12;

export function Palette({ open, onOpen }: { open: boolean; onOpen: (open: boolean) => void }) {
  return (
    <Dialog.Root open={open} onOpenChange={onOpen}>
      <Dialog.Portal>
        <Dialog.Backdrop className="veil" />
        <Dialog.Popup className="palette" aria-label="Search and go">
          <Finder onDone={() => onOpen(false)} />
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

function Finder({ onDone }: { onDone: () => void }) {
  const [text, setText] = useState("");
  const [active, setActive] = useState(0);
  const navigate = useNavigate();
  const agents = useAgentNames();
  const limited = useIsLimited();
  const items = useMemo(() => itemsFor(text.trim(), agents.data?.rows ?? [], pagesFor(limited)), [text, agents.data, limited]);
  useEffect(() => setActive(0), [text]);
  const go = (item: Item | undefined) => {
    if (!item) return;
    onDone();
    navigate(item.to);
  };
  const keys = (event: React.KeyboardEvent) => {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (by !== undefined) {
      event.preventDefault();
      setActive((active + by + items.length) % items.length);
    } else if (event.key === "Enter") go(items[active]);
  };
  return (
    <>
      <input
        autoFocus
        value={text}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={keys}
        placeholder="A page, an agent, an event's id, or words to search for"
        role="combobox"
        aria-expanded="true"
        aria-controls="palette-list"
        aria-activedescendant={`palette-${active}`}
        aria-label="Search and go"
      />
      <div className="palette-list" id="palette-list" role="listbox" aria-label="Where to go">
        {items.map((item, place) => (
          <div
            key={item.key}
            id={`palette-${place}`}
            role="option"
            aria-selected={place === active}
            tabIndex={-1}
            data-active={place === active}
            className="palette-item"
            onMouseMove={() => setActive(place)}
            onClick={() => go(item)}
            onKeyDown={keys}
          >
            <item.icon aria-hidden />
            <span className="cut">{item.text}</span>
            <span className="hint">{item.hint}</span>
          </div>
        ))}
      </div>
    </>
  );
}

function itemsFor(text: string, agents: { id: string; name: string | null }[], all: Page[]): Item[] {
  const wanted = text.toLowerCase();
  const pages = all.filter((page) => page.title.toLowerCase().includes(wanted)).map((page) => ({ key: page.path, text: page.title, hint: `g ${page.key}`, icon: page.icon, to: page.path }));
  if (text === "") return pages;
  const known = agents
    .filter((agent) => `${agent.id} ${agent.name ?? ""}`.toLowerCase().includes(wanted))
    .map((agent) => ({ key: agent.id, text: visible(agent.name ?? agent.id), hint: visible(agent.id), icon: Bot, to: `/agents/${encodeURIComponent(agent.id)}` }));
  const event = { key: "event", text: `Open event ${text}`, hint: "by id or index", icon: FileSearch, to: `/events/${encodeURIComponent(text)}` };
  const search = { key: "search", text: `Search for ${text}`, hint: "Explore", icon: Search, to: `/explore?${new URLSearchParams({ q: text, range: "all" })}` };
  const looksLikeId = /^\d+$|^[0-9a-f]{8}-|^\S*\d\S*$/i.test(text) && !text.includes(" ");
  const found = [...pages, ...known].slice(0, ITEMS_MAX);
  return looksLikeId ? [event, ...found, search] : [...found, search];
}
