// Code before it is asked for: that of a link's page when the pointer or the keyboard comes to it, and that of every page once
// the first one has all its figures. A page that is pressed then stands there at once.

import { useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { matchPath } from "react-router";
import { ROUTES } from "./pages.tsx";

/** What most pages draw with, and would fetch only once their figures are there. */
const charts = () => import("../components/echarts.ts");

/** How long nothing must have been asked before the browser is taken to be idle, milliseconds. */
const CALM_MS = 1500;

/** What can't be fetched now is asked for again when its page is opened, and says then what is wrong. */
const quietly = (fetch: () => Promise<unknown>) => fetch().catch(() => undefined);

function ofLink(event: Event) {
  const link = event.target instanceof Element ? event.target.closest("a[href]") : null;
  if (!(link instanceof HTMLAnchorElement) || link.origin !== location.origin) return;
  const route = ROUTES.find(({ path }) => matchPath(path, link.pathname));
  if (route) void quietly(route.fetch);
}

/** One after the other, so that nothing that is asked meanwhile waits long. */
async function ofAll(gone: () => boolean) {
  for (const fetch of [charts, ...ROUTES.map((route) => route.fetch)]) {
    if (gone()) return;
    await quietly(fetch);
  }
}

const isSparing = () => (navigator as Navigator & { connection?: { saveData?: boolean } }).connection?.saveData === true;

export function useAhead() {
  const client = useQueryClient();
  useEffect(() => {
    document.addEventListener("pointerover", ofLink, { passive: true });
    document.addEventListener("focusin", ofLink);
    let [gone, timer] = [false, 0];
    const look = () => {
      if (client.isFetching() > 0) timer = window.setTimeout(look, CALM_MS);
      else void ofAll(() => gone);
    };
    if (!isSparing()) timer = window.setTimeout(look, CALM_MS);
    return () => {
      gone = true;
      window.clearTimeout(timer);
      document.removeEventListener("pointerover", ofLink);
      document.removeEventListener("focusin", ofLink);
    };
  }, [client]);
}
