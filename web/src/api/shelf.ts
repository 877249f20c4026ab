// Dashboards and searches: kept on the server where the reader may save there, and in this browser where not. What stands on
// both is the server's.

import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { DASHBOARDS, type Kept, SEARCHES, type Shelved, keep, readKept, shelved } from "../lib/kept.ts";
import { useAbout, useHasRole, useIsLimited, useWho } from "./health.ts";
import { ApiError, askJson, tell } from "./http.ts";
import type { components } from "./schema";

type Schemas = components["schemas"];

/** What the server keeps on a shelf: texts by name, and what is wrong with the rest. */
interface Served {
  texts: Kept;
  /** SHA-256 of each text, where a change says what it takes the place of. */
  digests: Kept;
  faults: string[];
}

interface Shelf {
  /** In this browser. */
  name: string;
  path: string;
  read: (signal: AbortSignal) => Promise<Served>;
  body: (text: string, before: string | undefined) => object;
}

const DASHBOARD_SHELF: Shelf = {
  name: DASHBOARDS,
  path: "/v1/dashboards",
  read: async (signal) => {
    const { dashboards, faults } = await askJson<Schemas["Dashboards"]>("/v1/dashboards", { signal });
    return { texts: Object.fromEntries(dashboards.map((one) => [one.name, one.text])), digests: Object.fromEntries(dashboards.map((one) => [one.name, one.sha256])), faults };
  },
  body: (text, before) => ({ text, before }),
};

const SEARCH_SHELF: Shelf = {
  name: SEARCHES,
  path: "/v1/searches",
  read: async (signal) => ({ texts: (await askJson<Schemas["Searches"]>("/v1/searches", { signal })).searches, digests: {}, faults: [] }),
  body: (address) => ({ address }),
};

function useShelf(shelf: Shelf) {
  const client = useQueryClient();
  const [kept, setKept] = useState(() => readKept(shelf.name));
  const [limited, known, asking] = [useIsLimited(), useWho() !== undefined, useAbout().isPending];
  const may = useHasRole("operator");
  const query = useQuery({ queryKey: ["shelf", shelf.path], queryFn: ({ signal }) => shelf.read(signal), enabled: known && !limited, refetchInterval: 30_000 });
  const here = (name: string, text: string | null): string | null => {
    const why = keep(shelf.name, name, text);
    setKept(readKept(shelf.name));
    return why;
  };
  const there = async (name: string, method: "PUT" | "DELETE", body?: object): Promise<string | null> => {
    try {
      await tell(`${shelf.path}/${encodeURIComponent(name)}`, { method, body });
      return null;
    } catch (error) {
      return error instanceof ApiError ? error.message : "the server can't be reached";
    } finally {
      await client.invalidateQueries({ queryKey: ["shelf", shelf.path] });
    }
  };
  return {
    /** By name, each with where it is kept; nothing while the server is being asked. */
    all: asking || (query.isPending && known && !limited) ? null : shelved(query.data?.texts ?? {}, kept),
    faults: query.data?.faults ?? [],
    error: query.error,
    /** Whether saving goes to the server, for everybody. */
    shares: may && !limited,
    save: async (name: string, text: string): Promise<string | null> => {
      if (!may || limited) return here(name, text);
      const why = await there(name, "PUT", shelf.body(text, query.data?.digests[name]));
      if (why === null && name in kept) here(name, null);
      return why;
    },
    remove: async (name: string): Promise<string | null> => {
      if (query.data?.texts[name] === undefined) return here(name, null);
      return may ? there(name, "DELETE") : "the server keeps it: only a key of role operator or admin takes it away";
    },
  };
}

export type ShelfState = ReturnType<typeof useShelf>;
export type { Shelved };
export const useDashboards = () => useShelf(DASHBOARD_SHELF);
export const useSearches = () => useShelf(SEARCH_SHELF);
