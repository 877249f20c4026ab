// Where the page begins.

import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { BrowserRouter } from "react-router";
import { ApiError } from "../api/http.ts";
import "../styles/tokens.css";
import "../styles/base.css";
import "../styles/shell.css";
import "../styles/parts.css";
import "../styles/table.css";
import "../styles/content.css";
import "../styles/views.css";
import "../styles/coverage.css";
import "../styles/operations.css";
import "../styles/alerts.css";
import "../styles/oncall.css";
import "../styles/business.css";
import "../styles/dashboards.css";
import { App } from "./App.tsx";
import { applyTheme, readTheme } from "./theme.ts";

applyTheme(readTheme());

/** A refusal stays one however often it is asked; a break may be over soon. */
const retry = (failures: number, error: Error) => !(error instanceof ApiError) && failures < 2;
const client = new QueryClient({ defaultOptions: { queries: { retry, staleTime: 2_000, gcTime: 120_000, networkMode: "always" } } });

const root = document.getElementById("root");
if (root) {
  createRoot(root).render(
    <StrictMode>
      <QueryClientProvider client={client}>
        <BrowserRouter>
          <App />
        </BrowserRouter>
      </QueryClientProvider>
    </StrictMode>,
  );
}
