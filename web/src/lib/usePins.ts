// The pinned keys as a hook.

import { useSyncExternalStore } from "react";
import { pinsText, watchPins } from "./pins.ts";

export function usePins(): string[] {
  return JSON.parse(useSyncExternalStore(watchPins, pinsText)) as string[];
}
