// Routes, and what lies around every page.

import { Suspense, useSyncExternalStore } from "react";
import { Link, Route, Routes } from "react-router";
import { useAbout } from "../api/health.ts";
import { refused } from "../api/http.ts";
import { Bones, Empty } from "../components/Panel.tsx";
import { Boundary } from "./Boundary.tsx";
import { ROUTES } from "./pages.tsx";
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
            {ROUTES.map(({ path, Page }) => (
              <Route key={path} path={path} element={<Page />} />
            ))}
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
