// Routes, and what lies around every page.

import { Suspense, useSyncExternalStore } from "react";
import { Link, Route, Routes } from "react-router";
import { useAbout } from "../api/health.ts";
import { refused } from "../api/http.ts";
import { Bones, Empty } from "../components/Panel.tsx";
import { Boundary } from "./Boundary.tsx";
import {
  Agent,
  Agents,
  AlertPage,
  Alerts,
  Business,
  Costs,
  Coverage,
  DashboardPage,
  Dashboards,
  Event,
  Explore,
  FirstRun,
  Home,
  IncidentPage,
  Incidents,
  Integrity,
  Live,
  Mine,
  OnCall,
  Operations,
  Performance,
  Receivers,
  Replay,
  Reports,
  RuleEditor,
  RulePage,
  Rules,
  Security,
  Sessions,
  SettingsPage,
  Silences,
  Trading,
} from "./pages.tsx";
import { Shell } from "./Shell.tsx";
import { SignIn } from "./SignIn.tsx";

export function App() {
  const why = useSyncExternalStore(refused.subscribe, refused.get);
  const about = useAbout();
  // Asked before anything else: a request without a key would count as a failed login.
  if (about.isPending && why === null) return null;
  if (why !== null || (about.data?.keys_needed === true && about.data.who === undefined)) return <SignIn why={why} />;
  return (
    <Shell>
      <Boundary>
        <Suspense fallback={<Bones height={320} />}>
          <Routes>
            <Route index element={<Home />} />
            <Route path="operations" element={<Operations />} />
            <Route path="agents" element={<Agents />} />
            <Route path="agents/:id" element={<Agent />} />
            <Route path="sessions" element={<Sessions />} />
            <Route path="sessions/:id" element={<Replay />} />
            <Route path="explore" element={<Explore />} />
            <Route path="live" element={<Live />} />
            <Route path="events/:id" element={<Event />} />
            <Route path="costs" element={<Costs />} />
            <Route path="performance" element={<Performance />} />
            <Route path="security" element={<Security />} />
            <Route path="business" element={<Business />} />
            <Route path="trading" element={<Trading />} />
            <Route path="mine" element={<Mine />} />
            <Route path="dashboards" element={<Dashboards />} />
            <Route path="dashboards/:name" element={<DashboardPage />} />
            <Route path="alerts" element={<Alerts />} />
            <Route path="alerts/:id" element={<AlertPage />} />
            <Route path="incidents" element={<Incidents />} />
            <Route path="incidents/:id" element={<IncidentPage />} />
            <Route path="rules" element={<Rules />} />
            <Route path="rules/edit" element={<RuleEditor />} />
            <Route path="rules/:id" element={<RulePage />} />
            <Route path="silences" element={<Silences />} />
            <Route path="oncall" element={<OnCall />} />
            <Route path="receivers" element={<Receivers />} />
            <Route path="coverage" element={<Coverage />} />
            <Route path="integrity" element={<Integrity />} />
            <Route path="reports" element={<Reports />} />
            <Route path="settings" element={<SettingsPage />} />
            <Route path="start" element={<FirstRun />} />
            <Route path="*" element={<Nowhere />} />
          </Routes>
        </Suspense>
      </Boundary>
    </Shell>
  );
}

function Nowhere() {
  return (
    <Empty title="There is no such page">
      <Link className="link" to="/">
        To the overview
      </Link>
    </Empty>
  );
}
