// Who acts, as it will stand on the record: said once, kept in this browser.

import { useState } from "react";

const NAME = "tachograph.name";

export const readActor = (): string => localStorage.getItem(NAME) ?? "";

export function useActor(): [string, (name: string) => void] {
  const [name, setName] = useState(readActor);
  return [
    name,
    (next) => {
      if (next.trim() === "") localStorage.removeItem(NAME);
      else localStorage.setItem(NAME, next.trim());
      setName(next);
    },
  ];
}
