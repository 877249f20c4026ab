// A long list without a pause: the first rows are drawn at once, the others when the browser has time.

import { useDeferredValue, useRef } from "react";

/** More than a tall screen shows. */
const FIRST = 40;

export function useFirstOf<T>(list: T[]): T[] {
  const first = useRef<T[]>(null);
  first.current ??= list.slice(0, FIRST);
  return useDeferredValue(list, first.current);
}
