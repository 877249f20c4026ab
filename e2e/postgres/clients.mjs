// The driver `pg` of Node and the client `ws`, against a server: `node clients.mjs HTTP POSTGRES`.
import assert from "node:assert/strict";
import pg from "pg";
import WebSocket from "ws";

const [, , http, postgres] = process.argv;
const [host, port] = postgres.split(":");

const pool = new pg.Pool({ host, port: Number(port), user: "node", database: "fleet", max: 3 });
const { rows } = await pool.query(
  "SELECT id, timestamp, tokens_input, cost_usd, sensitive_data_accessed FROM agent_audit_log WHERE agent_id = $1 AND timestamp < $2 ORDER BY index LIMIT $3",
  ["judge/a", new Date(), 1],
);
assert.equal(rows.length, 1);
assert.equal(rows[0].id, "j0");
assert.ok(rows[0].timestamp instanceof Date);
assert.equal(rows[0].tokens_input, "10");
assert.equal(rows[0].cost_usd, "0.250000");
assert.equal(rows[0].sensitive_data_accessed, false);
const named = { name: "by-agent", text: "SELECT count(*)::int AS n FROM agent_audit_log WHERE agent_id = ANY($1::text[])", values: [["judge/a", "judge/b"]] };
for (let i = 0; i < 3; i++) assert.equal((await pool.query(named)).rows[0].n, 3);
await assert.rejects(pool.query("SELECT nothing FROM events"), { code: "42P01" });
await assert.rejects(pool.query("DELETE FROM events"), { code: "25006" });
assert.equal((await Promise.all(Array.from({ length: 20 }, (_, i) => pool.query("SELECT $1::int AS i", [i])))).reduce((sum, { rows: [{ i }] }) => sum + i, 0), 190);
await pool.end();

const socket = new WebSocket(`ws://${http}/v1/tail/ws?agent=judge/live`);
const told = new Promise((resolve, reject) => {
  socket.on("message", (data) => resolve(JSON.parse(data.toString())));
  socket.on("close", (code, reason) => reject(new Error(`${code} ${reason}`)));
});
await new Promise((resolve) => socket.on("open", resolve));
await fetch(`http://${http}/log`, { method: "POST", body: JSON.stringify({ agent_id: "judge/live", n: 1 }) });
assert.equal((await told).entry.agent, "judge/live");
socket.removeAllListeners("close");
socket.close();
console.log("pg and ws: good");
