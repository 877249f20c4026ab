// Who the reader is, what that allows, and what each role may.

import { useQueryClient } from "@tanstack/react-query";
import { LogOut } from "lucide-react";
import { useState } from "react";
import { Link } from "react-router";
import { signOut } from "../../api/access.ts";
import { type Who, useAbout } from "../../api/health.ts";
import { Loaded, Panel } from "../../components/Panel.tsx";
import { visible } from "../../lib/ansi.ts";
import { ROLES, seesOf } from "../../lib/roles.ts";

export function Access() {
  const about = useAbout();
  return (
    <div className="grid" style={{ "--min": "420px" } as React.CSSProperties}>
      <Panel title="You">
        <Loaded query={about}>{(data) => (data?.who === undefined ? <p>This server does not say who you are.</p> : <You who={data.who} needed={data.keys_needed} />)}</Loaded>
      </Panel>
      <Panel title="Roles" note="a key has one of them">
        <dl className="facts">
          {ROLES.map(({ role, may }) => (
            <div key={role} style={{ display: "contents" }}>
              <dt>
                <code>{role}</code>
                {about.data?.who?.role === role && <span className="chip ok"> yours</span>}
              </dt>
              <dd>{may}</dd>
            </div>
          ))}
        </dl>
      </Panel>
      <Panel title="Who is told of alerts">
        <div className="stack">
          <p>Receivers and their channels are in the routing file; the page shows them and sends a test.</p>
          <div>
            <Link className="button" to="/receivers">
              Receivers
            </Link>
          </div>
        </div>
      </Panel>
    </div>
  );
}

function You({ who, needed }: { who: Who; needed: boolean }) {
  const client = useQueryClient();
  const [fault, setFault] = useState<string | null>(null);
  const leave = async () => {
    const failed = await signOut().then(
      () => null,
      (error: Error) => error.message,
    );
    setFault(failed);
    if (failed === null) await client.resetQueries();
  };
  if (!needed) return <p>This server has no keys: it listens on its own machine only, and everyone there may do everything. The first key closes it to everybody without one.</p>;
  return (
    <div className="stack">
      <dl className="facts">
        <dt>Key</dt>
        <dd>{visible(who.name)}</dd>
        <dt>Role</dt>
        <dd>
          <code>{who.role}</code>
        </dd>
        <dt>Sees</dt>
        <dd>{visible(seesOf(who.limits))}</dd>
      </dl>
      {who.signed_in && (
        <>
          <p className="dim">
            You are signed out after {Math.round(who.idle_seconds / 60)} minutes without a request, and after {Math.round(who.longest_seconds / 3600)} hours in any case. The key itself is not kept in this browser.
          </p>
          <div>
            <button type="button" className="button" onClick={() => void leave()}>
              <LogOut aria-hidden /> Sign out
            </button>
          </div>
        </>
      )}
      {fault !== null && (
        <p className="chip fail" role="alert">
          {visible(fault)}
        </p>
      )}
    </div>
  );
}
