// Every page with its address, its place in the navigation and the key that leads to it after `g`.

import { Activity, Banknote, BellOff, BellRing, Bot, Briefcase, CalendarClock, ChartCandlestick, FileText, Fingerprint, Gauge, LayoutDashboard, LayoutGrid, ListTree, Radar, Radio, ScrollText, Search, Send, Settings, ShieldCheck, Siren, UserRound } from "lucide-react";
import { type ComponentType, lazy, useState } from "react";

export interface Page {
  path: string;
  title: string;
  key: string;
  /** The page of the navigation that it belongs to, where it has no line of its own there. */
  under?: string;
  /** About everybody: nothing for a key that sees only its own events. */
  everybody?: boolean;
  icon: ComponentType<{ "aria-hidden"?: boolean; size?: number }>;
}

export const GROUPS: { title: string | null; pages: Page[] }[] = [
  {
    title: null,
    pages: [
      { path: "/", title: "Overview", key: "o", icon: LayoutDashboard },
      { path: "/operations", title: "Operations", key: "w", icon: Activity },
      { path: "/alerts", title: "Alerts", key: "n", icon: BellRing, everybody: true },
      { path: "/incidents", title: "Incidents", key: "h", icon: Siren, under: "/alerts", everybody: true },
      { path: "/rules", title: "Rules", key: "u", icon: ScrollText, under: "/alerts", everybody: true },
      { path: "/silences", title: "Silences", key: "z", icon: BellOff, under: "/alerts", everybody: true },
      { path: "/oncall", title: "On call", key: "k", icon: CalendarClock, under: "/alerts", everybody: true },
      { path: "/receivers", title: "Receivers", key: "r", icon: Send, under: "/alerts", everybody: true },
    ],
  },
  {
    title: "Look",
    pages: [
      { path: "/agents", title: "Agents", key: "a", icon: Bot },
      { path: "/sessions", title: "Sessions", key: "s", icon: ListTree },
      { path: "/explore", title: "Explore", key: "e", icon: Search },
      { path: "/live", title: "Live", key: "l", icon: Radio },
      { path: "/mine", title: "My activity", key: "y", icon: UserRound },
    ],
  },
  {
    title: "Understand",
    pages: [
      { path: "/performance", title: "Performance", key: "p", icon: Gauge },
      { path: "/costs", title: "Costs", key: "c", icon: Banknote },
      { path: "/security", title: "Security", key: "x", icon: ShieldCheck },
      { path: "/business", title: "Business", key: "b", icon: Briefcase },
      { path: "/trading", title: "Trading and models", key: "m", icon: ChartCandlestick },
      { path: "/dashboards", title: "Dashboards", key: "d", icon: LayoutGrid },
    ],
  },
  {
    title: "Trust",
    pages: [
      { path: "/coverage", title: "Coverage", key: "v", icon: Radar, everybody: true },
      { path: "/integrity", title: "Integrity", key: "i", icon: Fingerprint },
      { path: "/reports", title: "Reports", key: "f", icon: FileText, everybody: true },
      { path: "/settings", title: "Settings", key: "t", icon: Settings },
    ],
  },
];

/** The pages that a reader can make use of. */
export const pagesFor = (limited: boolean): Page[] => PAGES.filter((page) => !limited || page.everybody !== true);

export const PAGES = GROUPS.flatMap((group) => group.pages);

/** The code of a page: asked for once, and shown without waiting once it is here. */
interface Code {
  Page: ComponentType;
  fetch: () => Promise<unknown>;
}

/** What React puts in place of a `lazy` page stays for 300 ms at least, also where the code takes three: code that is here goes without. */
function code(load: () => Promise<{ default: ComponentType }>): Code {
  let here: ComponentType | null = null;
  let coming: ReturnType<typeof load> | null = null;
  const fetch = () =>
    (coming ??= load().then(
      (code) => {
        here = code.default;
        return code;
      },
      (error: unknown) => {
        coming = null;
        throw error;
      },
    ));
  const Later = lazy(fetch);
  function Page() {
    const [Now] = useState<ComponentType>(() => here ?? Later);
    return <Now />;
  }
  return { Page, fetch };
}

const home = code(() => import("./Home.tsx"));

/** Every address, with the code that shows it. */
export const ROUTES: ({ path: string } & Code)[] = [
  { path: "/", ...home },
  { path: "/operations", ...code(() => import("../views/operations/Operations.tsx")) },
  { path: "/agents", ...code(() => import("../views/agents/Agents.tsx")) },
  { path: "/agents/:id", ...code(() => import("../views/agents/Agent.tsx")) },
  { path: "/sessions", ...code(() => import("../views/sessions/Sessions.tsx")) },
  { path: "/sessions/:id", ...code(() => import("../views/sessions/Replay.tsx")) },
  { path: "/explore", ...code(() => import("../views/explore/Explore.tsx")) },
  { path: "/live", ...code(() => import("../views/live/Live.tsx")) },
  { path: "/events/:id", ...code(() => import("../views/event/Event.tsx")) },
  { path: "/costs", ...code(() => import("../views/costs/Costs.tsx")) },
  { path: "/performance", ...code(() => import("../views/performance/Performance.tsx")) },
  { path: "/security", ...code(() => import("../views/security/Security.tsx")) },
  { path: "/business", ...code(() => import("../views/business/Business.tsx")) },
  { path: "/trading", ...code(() => import("../views/trading/Trading.tsx")) },
  { path: "/mine", ...code(() => import("../views/mine/Mine.tsx")) },
  { path: "/dashboards", ...code(() => import("../views/dashboards/Dashboards.tsx")) },
  { path: "/dashboards/:name", ...code(() => import("../views/dashboards/DashboardPage.tsx")) },
  { path: "/alerts", ...code(() => import("../views/alerts/Alerts.tsx")) },
  { path: "/alerts/:id", ...code(() => import("../views/alerts/AlertPage.tsx")) },
  { path: "/incidents", ...code(() => import("../views/incidents/Incidents.tsx")) },
  { path: "/incidents/:id", ...code(() => import("../views/incidents/IncidentPage.tsx")) },
  { path: "/rules", ...code(() => import("../views/rules/Rules.tsx")) },
  { path: "/rules/edit", ...code(() => import("../views/rules/Editor.tsx")) },
  { path: "/rules/:id", ...code(() => import("../views/rules/RulePage.tsx")) },
  { path: "/silences", ...code(() => import("../views/silences/Silences.tsx")) },
  { path: "/oncall", ...code(() => import("../views/oncall/OnCall.tsx")) },
  { path: "/receivers", ...code(() => import("../views/receivers/Receivers.tsx")) },
  { path: "/coverage", ...code(() => import("../views/coverage/Coverage.tsx")) },
  { path: "/integrity", ...code(() => import("../views/integrity/Integrity.tsx")) },
  { path: "/reports", ...code(() => import("../views/reports/Reports.tsx")) },
  { path: "/settings", ...code(() => import("../views/settings/Settings.tsx")) },
  { path: "/start", ...code(() => import("../views/start/FirstRun.tsx")) },
];

// The usual first page: fetched while the server is still asked whether a key is needed.
if (location.pathname === "/") void home.fetch();
