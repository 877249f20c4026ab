// API keys: which there are, making one, whose secret is shown once, and taking one away.

import { Dialog } from "@base-ui/react/dialog";
import { useQueryClient } from "@tanstack/react-query";
import { KeyRound, Plus, Trash2 } from "lucide-react";
import { type FormEvent, useState } from "react";
import { type ApiKey, type NewKey, type WantedKey, useKeys, useMakeKey, useRevokeKey } from "../../api/access.ts";
import { useAbout } from "../../api/health.ts";
import { Command } from "../../components/Controls.tsx";
import { Time } from "../../components/Marks.tsx";
import { Empty, Loaded, Panel } from "../../components/Panel.tsx";
import { type Column, Table } from "../../components/Table.tsx";
import { visible } from "../../lib/ansi.ts";
import { plural } from "../../lib/format.ts";
import { ROLES, limitsOf, seesOf } from "../../lib/roles.ts";

export function Keys({ may }: { may: boolean }) {
  const keys = useKeys(may);
  const [making, setMaking] = useState(false);
  const [revoking, setRevoking] = useState<ApiKey | null>(null);
  if (!may) {
    return (
      <Panel title="Keys">
        <Empty title="Keys are for administrators" icon={<KeyRound />}>
          Your key has another role. Whoever administers this server makes and revokes keys.
        </Empty>
      </Panel>
    );
  }
  const active = keys.data?.filter((key) => key.revoked === undefined).length ?? 0;
  return (
    <>
      <Panel
        flush
        title="Keys"
        note={keys.data && `${plural(active, "key")} in use · each change is on the record`}
        actions={
          <button type="button" className="button small primary" onClick={() => setMaking(true)}>
            <Plus aria-hidden /> New key
          </button>
        }
      >
        <Loaded query={keys} height={200} empty={(rows) => rows.length === 0} nothing={<Empty title="There is no key">Without keys the server listens on its own machine only. The first key must be an administrator's: from then on everybody needs one.</Empty>}>
          {(rows) => <List rows={rows} onRevoke={setRevoking} />}
        </Loaded>
      </Panel>
      <Dialog.Root open={making} onOpenChange={setMaking}>
        <Dialog.Portal>
          <Dialog.Backdrop className="veil" />
          <Dialog.Popup className="dialog" aria-labelledby="key-title">
            {making && <NewKeyForm none={active === 0} onClose={() => setMaking(false)} />}
          </Dialog.Popup>
        </Dialog.Portal>
      </Dialog.Root>
      <Revoke asked={revoking} onClose={() => setRevoking(null)} />
    </>
  );
}

function List({ rows, onRevoke }: { rows: ApiKey[]; onRevoke: (key: ApiKey) => void }) {
  const columns: Column<ApiKey>[] = [
    { name: "name", title: "Name", value: (row) => row.name, show: (row) => <strong className={row.revoked === undefined ? undefined : "faint"}>{visible(row.name)}</strong> },
    { name: "role", title: "Role", value: (row) => row.role, show: (row) => <code className="keep">{visible(row.role)}</code> },
    { name: "sees", title: "Sees", value: (row) => seesOf(row.limits), show: (row) => (["agent", "write"].includes(row.role) ? <span className="faint">sends only</span> : visible(seesOf(row.limits))) },
    { name: "agent", title: "Agent", value: (row) => row.agent ?? null, show: (row) => visible(row.agent ?? "") },
    { name: "created", title: "Made", value: (row) => row.created, show: (row) => <Time at={row.created} className="keep" /> },
    { name: "writer", title: "Its mark on events", value: (row) => row.writer, show: (row) => <code className="faint keep">{row.writer}</code> },
    {
      name: "state",
      title: "State",
      value: (row) => row.revoked ?? "",
      show: (row) =>
        row.revoked === undefined ? (
          <button type="button" className="button small keep" onClick={() => onRevoke(row)} aria-label={`Revoke ${visible(row.name)}`}>
            <Trash2 aria-hidden /> Revoke
          </button>
        ) : (
          <span className="faint">
            revoked <Time at={row.revoked} />
          </span>
        ),
    },
  ];
  return <Table label={plural(rows.length, "key")} rows={rows} columns={columns} sort="-created" id={(row) => row.id} />;
}

const LIMITS: [string, string, string][] = [
  ["none", "Everything", ""],
  ["user", "One user's events", "The user as events name them"],
  ["agents", "Events of agents", "Ids of agents, separated by commas"],
  ["teams", "Events of teams", "Teams of the registry, separated by commas"],
];

function NewKeyForm({ none, onClose }: { none: boolean; onClose: () => void }) {
  const needed = useAbout().data?.keys_needed === true;
  // As it was when the form was opened: once the key is made it is no longer so.
  const [first] = useState(none && !needed);
  const making = useMakeKey(first);
  const [name, setName] = useState("");
  const [role, setRole] = useState<string>(first ? "admin" : "viewer");
  const [kind, setKind] = useState("none");
  const [who, setWho] = useState("");
  const [agent, setAgent] = useState("");
  const hint = LIMITS.find(([word]) => word === kind)?.[2] ?? "";
  const sends = role === "agent" || role === "write";
  const submit = (event: FormEvent) => {
    event.preventDefault();
    making.mutate({ name: name.trim(), role, limits: limitsOf(role, kind, who) as WantedKey["limits"], ...(sends && agent.trim() !== "" ? { agent: agent.trim() } : {}) });
  };
  if (making.data !== undefined) return <Shown made={making.data} first={first} onClose={onClose} />;
  return (
    <form className="stack dialog-form" onSubmit={submit}>
      <h2 id="key-title">New key</h2>
      <label className="stack" style={{ gap: 6 }}>
        <span className="dim">Who or what will use it</span>
        <span className="field">
          <input required maxLength={256} value={name} onChange={(event) => setName(event.target.value)} autoFocus spellCheck={false} />
        </span>
      </label>
      <label className="stack" style={{ gap: 6 }}>
        <span className="dim">Role</span>
        <select className="field" value={role} onChange={(event) => setRole(event.target.value)} disabled={first}>
          {ROLES.map((one) => (
            <option key={one.role} value={one.role}>
              {one.role}
            </option>
          ))}
        </select>
        <span className="faint">{first ? "The first key is an administrator's: from then on everybody needs a key." : ROLES.find((one) => one.role === role)?.may}</span>
      </label>
      {role === "viewer" && (
        <label className="stack" style={{ gap: 6 }}>
          <span className="dim">Sees</span>
          <select className="field" value={kind} onChange={(event) => setKind(event.target.value)}>
            {LIMITS.map(([word, text]) => (
              <option key={word} value={word}>
                {text}
              </option>
            ))}
          </select>
        </label>
      )}
      {!sends && role !== "viewer" && (
        <p className="faint">Sees everything. Only viewers can be limited to a user, agents or teams: alerts, incidents, silences and reports, which this role answers or makes, are about everybody's events.</p>
      )}
      {role === "viewer" && kind !== "none" && (
        <p className="faint">Such a key sees its own events on every page, and the pages about everybody are left out. Who answers alerts for one team needs a key that sees all.</p>
      )}
      {role === "viewer" && kind !== "none" && (
        <label className="stack" style={{ gap: 6 }}>
          <span className="dim">{hint}</span>
          <span className="field">
            <input required value={who} onChange={(event) => setWho(event.target.value)} spellCheck={false} />
          </span>
        </label>
      )}
      {sends && (
        <label className="stack" style={{ gap: 6 }}>
          <span className="dim">The agent that its events without one belong to; may stay empty</span>
          <span className="field">
            <input value={agent} onChange={(event) => setAgent(event.target.value)} spellCheck={false} />
          </span>
        </label>
      )}
      {making.error !== null && (
        <p className="chip fail wide-chip" role="alert">
          {visible(making.error.message)}
        </p>
      )}
      <div className="row dialog-actions">
        <button type="button" className="button" onClick={onClose}>
          Cancel
        </button>
        <button type="submit" className="button primary" disabled={making.isPending}>
          Make the key
        </button>
      </div>
    </form>
  );
}

/** The only time that the secret is on a screen. */
function Shown({ made, first, onClose }: { made: NewKey; first: boolean; onClose: () => void }) {
  const client = useQueryClient();
  const done = async () => {
    if (first) await client.invalidateQueries();
    onClose();
  };
  return (
    <div className="stack dialog-form">
      <h2 id="key-title">The key {visible(made.name)}</h2>
      <p>It is shown now and never again. Nobody can look it up later; a lost key is revoked and another one made.</p>
      <Command text={made.key} />
      {first && <p className="chip warn wide-chip">From now on this server wants a key from everybody. Save this one before you go on: you are signed in with it.</p>}
      <div className="row dialog-actions">
        <button type="button" className="button primary" onClick={() => void done()}>
          I have saved it
        </button>
      </div>
    </div>
  );
}

function Revoke({ asked, onClose }: { asked: ApiKey | null; onClose: () => void }) {
  const revoking = useRevokeKey();
  return (
    <Dialog.Root open={asked !== null} onOpenChange={(open) => !open && onClose()}>
      <Dialog.Portal>
        <Dialog.Backdrop className="veil" />
        <Dialog.Popup className="dialog" aria-labelledby="revoke-title">
          {asked !== null && (
            <div className="stack dialog-form">
              <h2 id="revoke-title">Revoke {visible(asked.name)}</h2>
              <p>What uses it is refused from now on, and who is signed in with it is signed out. It can't be undone. Events that it sent stay, with its mark.</p>
              {revoking.error !== null && (
                <p className="chip fail wide-chip" role="alert">
                  {visible(revoking.error.message)}
                </p>
              )}
              <div className="row dialog-actions">
                <button type="button" className="button" onClick={onClose}>
                  Cancel
                </button>
                <button type="button" className="button danger" disabled={revoking.isPending} onClick={() => revoking.mutate(asked.id, { onSuccess: onClose })}>
                  Revoke it
                </button>
              </div>
            </div>
          )}
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
