// Searches and queries that are kept in this browser under a name.

import { Dialog } from "@base-ui/react/dialog";
import { Bookmark, Download, FolderOpen, Trash2 } from "lucide-react";
import { type FormEvent, useRef, useState } from "react";
import { Link, useSearchParams } from "react-router";
import { visible } from "../../lib/ansi.ts";
import { download } from "../../lib/download.ts";
import { SEARCHES, keep, readKept, takeSearches } from "../../lib/kept.ts";

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
  const [kept, setKept] = useState(() => readKept(SEARCHES));
  const [name, setName] = useState("");
  const [why, setWhy] = useState<string | null>(null);
  const file = useRef<HTMLInputElement>(null);
  const put = (name: string, text: string | null) => {
    setWhy(keep(SEARCHES, name, text));
    setKept(readKept(SEARCHES));
  };
  const save = (event: FormEvent) => {
    event.preventDefault();
    put(name.trim(), params.toString());
    setName("");
  };
  const take = async (chosen: File | undefined) => {
    if (!chosen) return;
    setWhy(takeSearches(await chosen.text()));
    setKept(readKept(SEARCHES));
  };
  const names = Object.keys(kept).sort();
  return (
    <div className="stack dialog-form">
      <h2 id="saved-title">Saved searches</h2>
      <form className="row" onSubmit={save}>
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
      {names.length === 0 ? (
        <p className="dim">None yet. What is saved is the address of the page: words, filters, time, mode, query.</p>
      ) : (
        <ul>
          {names.map((one) => (
            <li key={one} className="row">
              <Link className="grow link cut saved-link" to={`/explore?${kept[one]}`} onClick={onDone}>
                {visible(one)}
              </Link>
              <button type="button" className="button bare small square" aria-label={`Forget ${visible(one)}`} onClick={() => put(one, null)}>
                <Trash2 aria-hidden />
              </button>
            </li>
          ))}
        </ul>
      )}
      <div className="row dialog-actions">
        <button type="button" className="button small" disabled={names.length === 0} onClick={() => download("searches.json", JSON.stringify(kept, null, 2), "application/json")}>
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
