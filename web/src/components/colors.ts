// Colours of the page for what is drawn on a canvas, which knows no custom properties.

/** The colour that a custom property has right now. */
export function resolved(name: string): string {
  const probe = document.createElement("span");
  probe.style.color = `var(${name})`;
  document.body.append(probe);
  const color = getComputedStyle(probe).color;
  probe.remove();
  return color;
}

/** Calls `draw` whenever the colours of the page change; gives what stops that. */
export function onColors(draw: () => void): () => void {
  const scheme = window.matchMedia("(prefers-color-scheme: dark)");
  const theme = new MutationObserver(draw);
  scheme.addEventListener("change", draw);
  theme.observe(document.documentElement, { attributeFilter: ["data-theme"] });
  return () => {
    scheme.removeEventListener("change", draw);
    theme.disconnect();
  };
}
