// The way between the pages about alerts.

import { NavLink } from "react-router";

const PAGES: [string, string][] = [
  ["/alerts", "Alerts"],
  ["/incidents", "Incidents"],
  ["/rules", "Rules"],
  ["/silences", "Silences"],
  ["/oncall", "On call"],
  ["/receivers", "Receivers"],
];

export function AlertNav() {
  return (
    <nav className="tabs" aria-label="About alerts">
      {PAGES.map(([path, title]) => (
        <NavLink key={path} to={path} className={({ isActive }) => (isActive ? "tab active" : "tab")}>
          {title}
        </NavLink>
      ))}
    </nav>
  );
}
