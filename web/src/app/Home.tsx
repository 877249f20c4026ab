// The overview, or the way to the first event while there is none.

import { lazy, useState } from "react";
import { useHasEvents } from "../api/overview.ts";
import { Bones } from "../components/Panel.tsx";
import Overview from "../views/overview/Overview.tsx";

const FirstRun = lazy(() => import("../views/start/FirstRun.tsx"));

export default function Home() {
  const events = useHasEvents();
  const [left, setLeft] = useState(false);
  const [wasEmpty, setWasEmpty] = useState(false);
  if (events.data?.rows.length === 0 && !wasEmpty) setWasEmpty(true);
  if (events.isPending) return <Bones height={320} />;
  return wasEmpty && !left ? <FirstRun onDone={() => setLeft(true)} /> : <Overview />;
}
