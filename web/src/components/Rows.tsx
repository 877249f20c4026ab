// A list of any length: only what is on screen exists. Rows are reached by the arrow keys, j and k.

import { useVirtualizer } from "@tanstack/react-virtual";
import { type ReactNode, useEffect, useRef } from "react";

interface RowsProps<Row> {
  label: string;
  rows: Row[];
  id: (row: Row) => string | number;
  height?: number | string;
  rowHeight?: number;
  /** `grid-template-columns` of the rows. */
  columns: string;
  head?: ReactNode;
  show: (row: Row) => ReactNode;
  /** Called when the end comes near. */
  onEnd?: () => void;
  active?: number;
  onActive?: (place: number) => void;
  onOpen?: (row: Row) => void;
}

export function Rows<Row>({ label, rows, id, height = "calc(100vh - 340px)", rowHeight = 38, columns, head, show, onEnd, active = -1, onActive, onOpen }: RowsProps<Row>) {
  const frame = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({ count: rows.length, getScrollElement: () => frame.current, estimateSize: () => rowHeight, overscan: 12, getItemKey: (place) => id(rows[place] as Row) });
  const items = virtual.getVirtualItems();
  const last = items.at(-1)?.index ?? 0;
  useEffect(() => {
    if (rows.length > 0 && last >= rows.length - 30) onEnd?.();
  }, [last, rows.length, onEnd]);

  const keys = (event: React.KeyboardEvent) => {
    const by = { ArrowDown: 1, j: 1, ArrowUp: -1, k: -1, PageDown: 15, PageUp: -15 }[event.key];
    const row = rows[active];
    if (by !== undefined && onActive) {
      event.preventDefault();
      const next = Math.max(0, Math.min(rows.length - 1, active + by));
      onActive(next);
      virtual.scrollToIndex(next);
    } else if (event.key === "Enter" && row && event.target === event.currentTarget) onOpen?.(row);
  };

  return (
    <div>
      {head && (
        <div className="vhead" style={{ gridTemplateColumns: columns }}>
          {head}
        </div>
      )}
      <div ref={frame} className="vframe" style={{ height }} tabIndex={0} role="region" aria-label={label} onKeyDown={keys}>
        <ul className="vlist" style={{ height: virtual.getTotalSize() }}>
          {items.map((item) => {
            const row = rows[item.index] as Row;
            return (
              <li
                key={item.key}
                className="vrow"
                data-active={item.index === active}
                style={{ transform: `translateY(${item.start}px)`, height: item.size, gridTemplateColumns: columns }}
              >
                {show(row)}
              </li>
            );
          })}
        </ul>
      </div>
    </div>
  );
}
