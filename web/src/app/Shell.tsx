// Navigation at the side, the state of the connection, and the page.

import { Dialog } from "@base-ui/react/dialog";
import { Menu as MenuIcon, Monitor, Moon, Search, Sun, Unplug } from "lucide-react";
import { type ReactNode, useEffect, useState, useSyncExternalStore } from "react";
import { NavLink, useLocation, useNavigate } from "react-router";
import { useHealth, useIsLimited } from "../api/health.ts";
import { reach } from "../api/http.ts";
import { plural } from "../lib/format.ts";
import { useAhead } from "./ahead.ts";
import { GROUPS, PAGES } from "./pages.tsx";
import { Palette } from "./Palette.tsx";
import { type Theme, applyTheme, readTheme } from "./theme.ts";

export function Shell({ children }: { children: ReactNode }) {
  const [palette, setPalette] = useState(false);
  const [drawer, setDrawer] = useState(false);
  const place = useLocation();
  useKeys(() => setPalette(true));
  useAhead();
  useEffect(() => {
    setDrawer(false);
    const page = PAGES.findLast((page) => place.pathname === page.path || place.pathname.startsWith(`${page.path}/`));
    document.title = page ? `${page.title} · tachograph` : "tachograph";
    window.scrollTo(0, 0);
  }, [place.pathname]);
  const side = <Side onPalette={() => setPalette(true)} />;
  return (
    <div className="shell">
      <a className="skip" href="#main">
        Skip to the page
      </a>
      {side}
      <header className="top">
        <button type="button" className="button bare square" aria-label="Open the navigation" onClick={() => setDrawer(true)}>
          <MenuIcon aria-hidden />
        </button>
        <Brand />
        <button type="button" className="button bare square" aria-label="Search and go" onClick={() => setPalette(true)}>
          <Search aria-hidden />
        </button>
      </header>
      <main className="main" id="main">
        <div className="main-inner">
          <Lost />
          {children}
        </div>
      </main>
      <Dialog.Root open={drawer} onOpenChange={setDrawer}>
        <Dialog.Portal>
          <Dialog.Backdrop className="veil" />
          <Dialog.Popup className="drawer" aria-label="Navigation">
            {side}
          </Dialog.Popup>
        </Dialog.Portal>
      </Dialog.Root>
      <Palette open={palette} onOpen={setPalette} />
    </div>
  );
}

function Brand() {
  return (
    <span className="brand">
      <img src="/icon.svg" alt="" />
      tachograph
    </span>
  );
}

function Side({ onPalette }: { onPalette: () => void }) {
  const { pathname } = useLocation();
  const limited = useIsLimited();
  const under = PAGES.find((page) => pathname === page.path || pathname.startsWith(`${page.path}/`))?.under;
  return (
    <nav className="side" aria-label="Pages">
      <Brand />
      <button type="button" className="button" onClick={onPalette}>
        <Search aria-hidden />
        <span className="grow" style={{ textAlign: "left" }}>
          Search or go to
        </span>
        <kbd className="faint">Ctrl K</kbd>
      </button>
      {GROUPS.map((group) => (
        <div key={group.title}>
          {group.title ? <div className="side-group">{group.title}</div> : <div style={{ height: 10 }} />}
          {group.pages
            .filter((page) => page.under === undefined && !(limited && page.everybody))
            .map((page) => (
              <NavLink key={page.path} to={page.path} end={page.path === "/"} className={under === page.path ? "side-link active" : "side-link"} title={`g then ${page.key}`}>
                <page.icon aria-hidden />
                {page.title}
              </NavLink>
            ))}
        </div>
      ))}
      <div className="side-foot">
        <ThemeSwitch />
        <Reach />
      </div>
    </nav>
  );
}

const THEMES: [Theme, string, typeof Sun][] = [
  ["system", "As the system", Monitor],
  ["light", "Light", Sun],
  ["dark", "Dark", Moon],
];

function ThemeSwitch() {
  const [theme, setTheme] = useState(readTheme);
  const next = THEMES[(THEMES.findIndex(([name]) => name === theme) + 1) % THEMES.length];
  const [, text, Icon] = THEMES.find(([name]) => name === theme) ?? ["system", "As the system", Monitor];
  const press = () => {
    if (!next) return;
    applyTheme(next[0]);
    setTheme(next[0]);
  };
  return (
    <button type="button" className="side-link button bare" style={{ justifyContent: "flex-start" }} onClick={press} title={`Colours: ${text}. Press for: ${next?.[1]}`}>
      <Icon aria-hidden />
      {text}
    </button>
  );
}

/** Whether the server is there and well, in shape, colour and words. */
function Reach() {
  const health = useHealth();
  const state = useSyncExternalStore(reach.subscribe, reach.get);
  const word = state === "connected" && health.data && health.data.status !== "ok" ? health.data.status : state;
  const texts: Record<string, string> = {
    connected: `Recording · ${plural(health.data?.size ?? 0, "event")}`,
    lost: "Connection lost",
    unknown: "Connecting",
    degraded: "Recording, with faults",
    stopped: "Nothing is recorded",
  };
  return (
    <NavLink to="/integrity" className="reach" title={health.data?.faults.join("\n")}>
      <span className="reach-dot" data-state={word === "stopped" ? "lost" : word} aria-hidden />
      <span className="cut num" role="status">
        {texts[word]}
      </span>
    </NavLink>
  );
}

function Lost() {
  const state = useSyncExternalStore(reach.subscribe, reach.get);
  if (state !== "lost") return null;
  return (
    <div className="lost" role="alert">
      <Unplug size={16} aria-hidden />
      The server can't be reached. What you see is from before; this page tries again by itself.
    </div>
  );
}

/** Ctrl K and `/` open the palette, `g` and a letter go to a page. */
function useKeys(openPalette: () => void) {
  const navigate = useNavigate();
  useEffect(() => {
    let going = false;
    const press = (event: KeyboardEvent) => {
      const typing = event.target instanceof HTMLElement && (event.target.matches("input, textarea, select") || event.target.isContentEditable);
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
        event.preventDefault();
        openPalette();
        return;
      }
      if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
      const page = going ? PAGES.find((page) => page.key === event.key) : undefined;
      going = event.key === "g";
      if (page) navigate(page.path);
      else if (event.key === "/") {
        event.preventDefault();
        const field = document.querySelector<HTMLInputElement>("[data-search]");
        if (field) field.focus();
        else openPalette();
      }
    };
    window.addEventListener("keydown", press);
    return () => window.removeEventListener("keydown", press);
  }, [navigate, openPalette]);
}
