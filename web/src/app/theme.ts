// Light, dark, or as the system has it.

export type Theme = "system" | "light" | "dark";
const NAME = "tachograph.theme";

export function readTheme(): Theme {
  const word = localStorage.getItem(NAME);
  return word === "light" || word === "dark" ? word : "system";
}

export function applyTheme(theme: Theme): void {
  if (theme === "system") {
    localStorage.removeItem(NAME);
    delete document.documentElement.dataset.theme;
  } else {
    localStorage.setItem(NAME, theme);
    document.documentElement.dataset.theme = theme;
  }
}
