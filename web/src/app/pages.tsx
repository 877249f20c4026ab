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

let homeIsHere: ComponentType | null = null;
const home = () =>
  import("./Home.tsx").then((code) => {
    homeIsHere = code.default;
    return code;
  });
const LazyHome = lazy(home);
// The usual first page: fetched while the server is still asked whether a key is needed.
if (location.pathname === "/") void home();

/** Without waiting when its code is here: what React puts in place of a `lazy` page stays for 300 ms at least. */
export function Home() {
  const [Page] = useState<ComponentType>(() => homeIsHere ?? LazyHome);
  return <Page />;
}

export const Operations = lazy(() => import("../views/operations/Operations.tsx"));
export const Alerts = lazy(() => import("../views/alerts/Alerts.tsx"));
export const AlertPage = lazy(() => import("../views/alerts/AlertPage.tsx"));
export const Rules = lazy(() => import("../views/rules/Rules.tsx"));
export const RulePage = lazy(() => import("../views/rules/RulePage.tsx"));
export const RuleEditor = lazy(() => import("../views/rules/Editor.tsx"));
export const Silences = lazy(() => import("../views/silences/Silences.tsx"));
export const OnCall = lazy(() => import("../views/oncall/OnCall.tsx"));
export const Receivers = lazy(() => import("../views/receivers/Receivers.tsx"));
export const Business = lazy(() => import("../views/business/Business.tsx"));
export const Trading = lazy(() => import("../views/trading/Trading.tsx"));
export const Mine = lazy(() => import("../views/mine/Mine.tsx"));
export const Dashboards = lazy(() => import("../views/dashboards/Dashboards.tsx"));
export const DashboardPage = lazy(() => import("../views/dashboards/DashboardPage.tsx"));
export const Incidents = lazy(() => import("../views/incidents/Incidents.tsx"));
export const IncidentPage = lazy(() => import("../views/incidents/IncidentPage.tsx"));
export const FirstRun = lazy(() => import("../views/start/FirstRun.tsx"));
export const Agents = lazy(() => import("../views/agents/Agents.tsx"));
export const Agent = lazy(() => import("../views/agents/Agent.tsx"));
export const Sessions = lazy(() => import("../views/sessions/Sessions.tsx"));
export const Replay = lazy(() => import("../views/sessions/Replay.tsx"));
export const Explore = lazy(() => import("../views/explore/Explore.tsx"));
export const Live = lazy(() => import("../views/live/Live.tsx"));
export const Event = lazy(() => import("../views/event/Event.tsx"));
export const Costs = lazy(() => import("../views/costs/Costs.tsx"));
export const Performance = lazy(() => import("../views/performance/Performance.tsx"));
export const Security = lazy(() => import("../views/security/Security.tsx"));
export const Coverage = lazy(() => import("../views/coverage/Coverage.tsx"));
export const Integrity = lazy(() => import("../views/integrity/Integrity.tsx"));
export const Reports = lazy(() => import("../views/reports/Reports.tsx"));
export const SettingsPage = lazy(() => import("../views/settings/Settings.tsx"));
