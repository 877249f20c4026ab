// Searches and queries that are kept under a name: on the server for everybody, or in this browser.

import { Dialog } from "@base-ui/react/dialog";
import { Bookmark, Download, FolderOpen, Trash2, Users } from "lucide-react";
import { type FormEvent, useRef, useState } from "react";
import { Link, useSearchParams } from "react-router";
import { visible } from "../../lib/ansi.ts";
import { download } from "../../lib/download.ts";
import { useSearches } from "../../api/shelf.ts";
import { Bones } from "../../components/Panel.tsx";
import { readSearches } from "../../lib/kept.ts";

export function Saved() {
  const [open, setOpen] = useState(false);
  return (
    <Dialog.Root open={open} onOpenChange={setOpen}>
      <Dialog.Trigger className="button">
        <Bookmark aria-hidden /> Saved
      </Dialog.Trigger>
      <Dialog.Portal>
        <Dialog.Backdrop className="veil" />
        <Dialog.Popup className="dialog" aria-labelledby="saved-title">
          <Shelf onDone={() => setOpen(false)} />
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

function Shelf({ onDone }: { onDone: () => void }) {
  const [params] = useSearchParams();
  const shelf = useSearches();
  const [name, setName] = useState("");
  const [why, setWhy] = useState<string | null>(null);
  const file = useRef<HTMLInputElement>(null);
  const save = async (event: FormEvent) => {
    event.preventDefault();
    const failed = await shelf.save(name.trim(), params.toString());
    setWhy(failed);
    if (failed === null) setName("");
  };
  const take = async (chosen: File | undefined) => {
    if (!chosen) return;
    const searches = readSearches(await chosen.text());
    if (typeof searches === "string") return setWhy(searches);
    // One after the other: each is an edit of its own on the record.
    for (const [name, address] of Object.entries(searches)) {
      const failed = await shelf.save(name, address);
      setWhy(failed);
      if (failed !== null) return;
    }
  };
  const remove = async (name: string) => setWhy(await shelf.remove(name));
  const all = shelf.all ?? {};
  const names = Object.keys(all);
  const asFile = () => download("searches.json", JSON.stringify(Object.fromEntries(names.map((one) => [one, all[one]?.text])), null, 2), "application/json");
  return (
    <div className="stack dialog-form">
      <h2 id="saved-title">Saved searches</h2>
      <p className="dim">{shelf.shares ? "Kept on the server, for everybody who may look." : "Kept in this browser; those marked as shared are on the server."}</p>
      <form className="row" onSubmit={(event) => void save(event)}>
        <span className="field grow">
          <input required maxLength={80} value={name} onChange={(event) => setName(event.target.value)} placeholder="A name for what is asked now" aria-label="Name" />
        </span>
        <button type="submit" className="button primary">
          Save
        </button>
      </form>
      {why !== null && (
        <p className="chip fail wide-chip" role="alert">
          {visible(why)}
        </p>
      )}
      {shelf.all === null ? (
        <Bones height={60} />
      ) : names.length === 0 ? (
        <p className="dim">None yet. What is saved is the address of the page: words, filters, time, mode, query.</p>
      ) : (
        <ul>
          {names.map((one) => (
            <li key={one} className="row">
              <Link className="grow link cut saved-link" to={`/explore?${all[one]?.text}`} onClick={onDone}>
                {visible(one)}
              </Link>
              {all[one]?.shared && (
                <span className="faint row" style={{ gap: 4 }}>
                  <Users size={13} aria-hidden /> shared
                </span>
              )}
              <button type="button" className="button bare small square" aria-label={`Forget ${visible(one)}`} onClick={() => void remove(one)}>
                <Trash2 aria-hidden />
              </button>
            </li>
          ))}
        </ul>
      )}
      <div className="row dialog-actions">
        <button type="button" className="button small" disabled={names.length === 0} onClick={asFile}>
          <Download aria-hidden /> As a file
        </button>
        <button type="button" className="button small" onClick={() => file.current?.click()}>
          <FolderOpen aria-hidden /> From a file
        </button>
        <input ref={file} type="file" accept=".json" hidden onChange={(event) => void take(event.target.files?.[0])} aria-label="Searches as a file" />
        <button type="button" className="button small" onClick={onDone}>
          Close
        </button>
      </div>
    </div>
  );
}
