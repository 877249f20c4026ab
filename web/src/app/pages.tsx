// Every page with its address, its place in the navigation and the key that leads to it after `g`.

import { Banknote, Bot, Fingerprint, Gauge, LayoutDashboard, ListTree, Radar, Radio, Search, Settings, ShieldCheck } from "lucide-react";
import { type ComponentType, lazy } from "react";

export interface Page {
  path: string;
  title: string;
  key: string;
  icon: ComponentType<{ "aria-hidden"?: boolean; size?: number }>;
}

export const GROUPS: { title: string | null; pages: Page[] }[] = [
  {
    title: null,
    pages: [{ path: "/", title: "Overview", key: "o", icon: LayoutDashboard }],
  },
  {
    title: "Look",
    pages: [
      { path: "/agents", title: "Agents", key: "a", icon: Bot },
      { path: "/sessions", title: "Sessions", key: "s", icon: ListTree },
      { path: "/explore", title: "Explore", key: "e", icon: Search },
      { path: "/live", title: "Live", key: "l", icon: Radio },
    ],
  },
  {
    title: "Understand",
    pages: [
      { path: "/performance", title: "Performance", key: "p", icon: Gauge },
      { path: "/costs", title: "Costs", key: "c", icon: Banknote },
      { path: "/security", title: "Security", key: "x", icon: ShieldCheck },
    ],
  },
  {
    title: "Trust",
    pages: [
      { path: "/coverage", title: "Coverage", key: "v", icon: Radar },
      { path: "/integrity", title: "Integrity", key: "i", icon: Fingerprint },
      { path: "/settings", title: "Settings", key: "t", icon: Settings },
    ],
  },
];

export const PAGES = GROUPS.flatMap((group) => group.pages);

const overview = () => import("../views/overview/Overview.tsx");
export const Overview = lazy(overview);
// The usual first page: fetched while the server is still asked whether a key is needed.
if (location.pathname === "/") void overview();
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
export const SettingsPage = lazy(() => import("../views/settings/Settings.tsx"));
