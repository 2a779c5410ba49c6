// The console in a browser: one page, its screens by address, everything that it knows asked of order over the contract.
import "./no-code-from-strings.ts";
import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/frame.css";
import "./styles/parts.css";
import "./styles/plot.css";
import "./styles/dialogs.css";
import "./styles/tables.css";
import "./styles/letters.css";
import "./styles/overview.css";
import "./styles/screens.css";
import "./styles/failures.css";
import "./styles/replays.css";
import "./styles/live.css";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { createRoot } from "react-dom/client";
import { Frame } from "./frame/frame.tsx";

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      // A read that failed is said at once, and asked again by its interval or by hand.
      retry: false,
      // Whether order answers is found out by asking it, not by what the browser thinks of its network.
      networkMode: "always",
      staleTime: 2000,
    },
    mutations: { retry: false, networkMode: "always" },
  },
});

const root = document.getElementById("console");
if (root === null) throw new Error("the page has no place for the console");
createRoot(root).render(
  <QueryClientProvider client={queries}>
    <Frame />
  </QueryClientProvider>,
);
