// Catches what a page could not handle, so that the rest stays usable.

import { Component, type ReactNode } from "react";
import { Fault } from "../components/Panel.tsx";

export class Boundary extends Component<{ children: ReactNode }, { error: unknown; at: string }> {
  override state = { error: null as unknown, at: "" };

  static getDerivedStateFromError(error: unknown) {
    return { error, at: location.pathname };
  }

  override componentDidUpdate() {
    if (this.state.error !== null && this.state.at !== location.pathname) this.setState({ error: null });
  }

  override render() {
    if (this.state.error === null) return this.props.children;
    return <Fault error={this.state.error} retry={() => this.setState({ error: null })} />;
  }
}
