// The values of a dashboard's variables, as the address has them.

import { useMemo } from "react";
import { useSearchParams } from "react-router";
import type { Variable } from "../../lib/dashboard.ts";

export function useValues(variables: Variable[]): Record<string, string> {
  const [params] = useSearchParams();
  const text = params.toString();
  return useMemo(() => Object.fromEntries(variables.map((variable) => [variable.name, new URLSearchParams(text).get(`var-${variable.name}`) ?? variable.value])), [variables, text]);
}
