// A table of some hundred rows that can be sorted; the order is part of the URL.

import { type ColumnDef, type SortingState, flexRender, getCoreRowModel, getSortedRowModel, useReactTable } from "@tanstack/react-table";
import { ArrowDown, ArrowUp } from "lucide-react";
import { useMemo } from "react";
import { useSearchParams } from "react-router";
import { useFirstOf } from "../lib/useFirstOf.ts";

export interface Column<Row> {
  name: string;
  title: string;
  /** What it is sorted by. */
  value: (row: Row) => string | number | null;
  show: (row: Row) => React.ReactNode;
  right?: boolean;
}

interface TableProps<Row> {
  label: string;
  rows: Row[];
  columns: Column<Row>[];
  /** Name of the parameter in the URL; a leading `-` in its value means "descending". */
  sortName?: string;
  sort: string;
  id: (row: Row) => string;
}

export function Table<Row>({ label, rows, columns, sort, sortName = "sort", id }: TableProps<Row>) {
  const [params, setParams] = useSearchParams();
  const word = params.get(sortName) ?? sort;
  const sorting = useMemo<SortingState>(() => [{ id: word.replace(/^-/, ""), desc: word.startsWith("-") }], [word]);
  const definitions = useMemo<ColumnDef<Row>[]>(
    () => columns.map((column) => ({ id: column.name, header: column.title, accessorFn: (row) => column.value(row) ?? undefined, cell: ({ row }) => column.show(row.original), sortUndefined: "last", meta: column })),
    [columns],
  );
  const table = useReactTable({ data: rows, columns: definitions, state: { sorting }, getRowId: id, getCoreRowModel: getCoreRowModel(), getSortedRowModel: getSortedRowModel(), autoResetAll: false });
  const shown = useFirstOf(table.getRowModel().rows);
  const press = (name: string) => {
    const next = word === `-${name}` ? name : `-${name}`;
    setParams((before) => { before.set(sortName, next); return before; }, { replace: true });
  };
  const right = (name: string) => (columns.find((column) => column.name === name)?.right ? "right" : undefined);
  const state = (name: string) => (word === name ? "ascending" : word === `-${name}` ? "descending" : undefined);
  return (
    <div className="table-frame">
      <table className="table" aria-label={label}>
        <thead>
          <tr>
            {table.getFlatHeaders().map((header) => (
              <th key={header.id} className={right(header.id)} aria-sort={state(header.id)}>
                <button type="button" onClick={() => press(header.id)}>
                  {flexRender(header.column.columnDef.header, header.getContext())}
                  {state(header.id) === "ascending" && <ArrowUp aria-hidden />}
                  {state(header.id) === "descending" && <ArrowDown aria-hidden />}
                </button>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {shown.map((row) => (
            <tr key={row.id}>
              {row.getVisibleCells().map((cell) => (
                <td key={cell.id} className={right(cell.column.id)}>
                  {flexRender(cell.column.columnDef.cell, cell.getContext())}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
