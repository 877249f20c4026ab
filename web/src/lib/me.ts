// The user name of the person at this browser, as events give it.

const NAME = "tachograph.user";

export const readUser = (): string => localStorage.getItem(NAME) ?? "";

export function writeUser(name: string): void {
  if (name === "") localStorage.removeItem(NAME);
  else localStorage.setItem(NAME, name);
}
