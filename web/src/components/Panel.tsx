// A panel and the four states that anything asked of the server can be in.

import type { UseQueryResult } from "@tanstack/react-query";
import { CircleAlert, Inbox } from "lucide-react";
import type { ReactNode } from "react";

interface PanelProps {
  title?: ReactNode;
  /** Said beside the title: what the figures are computed from. */
  note?: ReactNode;
  actions?: ReactNode;
  flush?: boolean;
  className?: string;
  children: ReactNode;
}

export function Panel({ title, note, actions, flush, className = "", children }: PanelProps) {
  return (
    <section className={`panel ${className}`}>
      {(title || actions) && (
        <header className="panel-head">
          {title && <h2>{title}</h2>}
          {note && <span className="note">{note}</span>}
          {actions && <div className="row actions">{actions}</div>}
        </header>
      )}
      <div className={flush ? "panel-body flush" : "panel-body"}>{children}</div>
    </section>
  );
}

export function Empty({ title, children, icon = <Inbox /> }: { title: string; children?: ReactNode; icon?: ReactNode }) {
  return (
    <div className="empty">
      {icon}
      <strong>{title}</strong>
      {children && <p>{children}</p>}
    </div>
  );
}

export function Fault({ error, retry }: { error: unknown; retry?: () => void }) {
  const text = error instanceof Error ? error.message : String(error);
  const title = error instanceof Error && "title" in error ? String(error.title) : "This could not be asked";
  return (
    <div className="fault" role="alert">
      <div className="row">
        <CircleAlert size={16} aria-hidden />
        <strong>{title}</strong>
      </div>
      <p className={text.includes("\n") ? "placed mono" : undefined}>{text}</p>
      {retry && (
        <button type="button" className="button small" onClick={retry}>
          Try again
        </button>
      )}
    </div>
  );
}

export function Bones({ height = 120 }: { height?: number }) {
  return <div className="bone" style={{ height }} role="status" aria-label="Loading" />;
}

interface LoadedProps<T> {
  query: UseQueryResult<T>;
  height?: number;
  /** Whether the answer has nothing to show. */
  empty?: (data: T) => boolean;
  nothing?: ReactNode;
  children: (data: T) => ReactNode;
}

/** Shows what was asked once it is there; while a refresh fails, the old answer stays and says so. */
export function Loaded<T>({ query, height, empty, nothing, children }: LoadedProps<T>) {
  if (query.data === undefined) {
    if (query.isError) return <Fault error={query.error} retry={() => void query.refetch()} />;
    return <Bones height={height} />;
  }
  if (empty?.(query.data)) return <>{nothing ?? <Empty title="Nothing in this time range" />}</>;
  return (
    <>
      {query.isError && <p className="chip warn">Not current: {query.error.message.slice(0, 120)}</p>}
      {children(query.data)}
    </>
  );
}
