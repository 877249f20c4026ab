// A view's state in the URL, as hooks.

import { useCallback, useMemo } from "react";
import { useSearchParams } from "react-router";
import { type Preset, type Range, readRange, writeRange } from "./range.ts";

export function useRange(fallback: Preset = "24h"): [Range, (range: Range) => void] {
  const [params, setParams] = useSearchParams();
  const text = `${params.get("range")} ${params.get("from")} ${params.get("to")}`;
  const range = useMemo(() => readRange(params, fallback), [text, fallback]);
  const change = useCallback((next: Range) => setParams((before) => writeRange(before, next)), [setParams]);
  return [range, change];
}

/** One parameter; its default value is not written into the URL. */
export function useParam(name: string, fallback = ""): [string, (value: string) => void] {
  const [params, setParams] = useSearchParams();
  const change = useCallback(
    (value: string) =>
      setParams(
        (before) => {
          if (value === fallback) before.delete(name);
          else before.set(name, value);
          return before;
        },
        { replace: true },
      ),
    [name, fallback, setParams],
  );
  return [params.get(name) ?? fallback, change];
}
