"""Holds PostgreSQL's wire to clients that we did not write: `judge.py TACHOGRAPH NODE_FOLDER`.

psql and libpq, psycopg, asyncpg, `pg` of Node; `ws` for the WebSocket; the types of Grafana's SDK for the dashboards.
"""

import asyncio
import datetime
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import urllib.request

import asyncpg
import psycopg

HERE = pathlib.Path(__file__).parent
tachograph, node_folder = sys.argv[1], pathlib.Path(sys.argv[2]).resolve()


class Server:
    def __init__(self, data, config=""):
        data.mkdir(exist_ok=True)
        text = f'[postgres]\nlisten = "127.0.0.1:0"\n{config}[otlp]\nhttp = "off"\ngrpc = "off"\n'
        (data / "config.toml").write_text(text)
        command = [tachograph, "--data", data, "serve", "--listen", "127.0.0.1:0"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.http = self.find("http://")
        self.postgres = self.find("postgres://")
        self.host, self.port = self.postgres.split(":")

    def find(self, scheme):
        for line in self.process.stdout:
            if scheme in line and not line.strip().startswith("otlp"):
                return line.split(scheme)[1].strip()
        raise SystemExit(f"the server did not say its {scheme}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()

    def post(self, events, key=None):
        headers = {"authorization": f"Bearer {key}"} if key else {}
        request = urllib.request.Request(f"http://{self.http}/log", json.dumps(events).encode(), headers)
        answer = json.load(urllib.request.urlopen(request))
        assert answer["accepted"] == len(events), answer

    def psql(self, *arguments, **env):
        command = ["psql", "-X", "-v", "ON_ERROR_STOP=1", "-h", self.host, "-p", self.port, "-U", "judge", "fleet", *arguments]
        return subprocess.run(command, capture_output=True, text=True, env={**os.environ, "PGCONNECT_TIMEOUT": "20", **env})

    def said(self, *arguments, **env):
        done = self.psql(*arguments, **env)
        assert done.returncode == 0, (arguments, done.stderr)
        return done.stdout


EVENTS = [
    {
        "id": f"j{n}", "agent": {"id": "judge/a" if n < 2 else "judge/b"}, "timestamp": f"2026-11-20T1{n}:00:00Z",
        "action": {"type": "tool", "name": "Bash", "parameters": {"n": n}}, "outcome": {"status": "success"},
        "tokens_input": 10 + n, "cost_usd": 0.25,
    }
    for n in range(3)
]


def psql(server):
    said = server.said("-Atc", "SELECT id, timestamp, cost_usd FROM agent_audit_log WHERE agent_id LIKE 'judge/%' ORDER BY id")
    assert said.splitlines()[0] == "j0|2026-11-20 10:00:00+00|0.250000", said
    for meta, wanted in [
        ("\\dv", "agent_audit_log"), ("\\d", "agent_stats"), ("\\d costs", "cost_usd"), ("\\d+ costs", "numeric"),
        ("\\dn", "public"), ("\\l", "tachograph"), ("\\du", "tachograph"), ("\\conninfo", "fleet"), ("\\dt", ""),
        ("\\df", ""), ("\\dS pg_class", "relname"), ("\\di", ""),
    ]:
        said = server.said("-c", meta)
        assert wanted in said, (meta, said)
    said = server.said("-At", "-c", "BEGIN; SELECT 1 AS a; COMMIT", "-c", "SHOW TABLES")
    assert "agent_audit_log" in said and "pg_class" not in said, said
    said = server.said("-At", "-c", "SELECT value FROM generate_series(1, 25000)")
    assert len(said.splitlines()) == 25000
    done = server.psql("-c", "SELECT 1,\n nothing FROM events")
    assert done.returncode != 0 and "LINE 2:  nothing FROM" in done.stderr, done.stderr
    done = server.psql("-c", "DROP TABLE events")
    assert "queries only read" in done.stderr, done.stderr


def psycopg_(server):
    with psycopg.connect(host=server.host, port=server.port, user="py", dbname="fleet", autocommit=True) as db:
        since = datetime.datetime(2026, 11, 20, tzinfo=datetime.timezone.utc)
        asked = "SELECT id, timestamp, tokens_input, cost_usd FROM agent_audit_log WHERE agent_id = %s AND timestamp > %s ORDER BY id LIMIT %s"
        for binary in (False, True):
            rows = db.cursor(binary=binary).execute(asked, ("judge/a", since, 5)).fetchall()
            assert [row[0] for row in rows] == ["j0", "j1"], rows
            assert rows[0][1] == datetime.datetime(2026, 11, 20, 10, tzinfo=datetime.timezone.utc), rows
            assert rows[0][2] == 10 and str(rows[0][3]) == "0.250000", rows
        rows = db.execute("SELECT count(*) FROM agent_audit_log WHERE id = ANY(%s)", (["j0", "j2", None],)).fetchall()
        assert rows == [(2,)], rows
        for _ in range(8):  # Prepared on the server from the sixth time on.
            assert db.execute("SELECT count(*) FROM events WHERE agent_id = %s", ("judge/a",)).fetchone() == (2,)
        try:
            db.execute("SELECT * FROM nothing")
            raise AssertionError("it should fail")
        except psycopg.errors.UndefinedTable as error:
            assert "there is no table nothing" in str(error), error
    with psycopg.connect(host=server.host, port=server.port, user="py", dbname="fleet") as db:
        assert db.execute("SELECT 1").fetchone() == (1,)
        db.rollback()


async def asyncpg_(server):
    pool = await asyncpg.create_pool(host=server.host, port=int(server.port), user="async", database="fleet", min_size=1, max_size=3)
    async with pool.acquire() as db:
        rows = await db.fetch("SELECT id, timestamp, cost_usd, duration_ms FROM agent_audit_log WHERE agent_id = $1 ORDER BY id LIMIT $2", "judge/a", 5)
        assert [row["id"] for row in rows] == ["j0", "j1"] and str(rows[0]["cost_usd"]) == "0.250000", rows
        assert await db.fetchval("SELECT $1::bigint + 1", 41) == 42
        assert await db.fetchval("SELECT count(*) FROM agent_audit_log WHERE id = ANY($1::text[])", ["j0", "j1"]) == 2
        async with db.transaction():
            seen = [row[0] async for row in db.cursor("SELECT n FROM (VALUES (1), (2), (3)) AS t(n) ORDER BY n", prefetch=2)]
        assert seen == [1, 2, 3], seen
        try:
            await db.fetchval("SELECT count(*) FROM events a, events b, events c, events d, events e WHERE a.index + b.index + c.index + d.index + e.index = 7", timeout=0.3)
        except (asyncio.TimeoutError, asyncpg.exceptions.QueryCanceledError):
            pass
        assert await db.fetchval("SELECT 1") == 1
    # A pool says DISCARD and RESET ALL when a connection comes back.
    await asyncio.gather(*(pool.fetchval("SELECT $1::int", n) for n in range(20)))
    await pool.close()


def tls(folder):
    certificate, key = folder / "server.pem", folder / "server.key"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", key, "-out", certificate],
        check=True, capture_output=True,
    )
    data = folder / "secure"
    made = subprocess.run([tachograph, "--data", data, "key", "create", "judge", "--role", "admin"], check=True, capture_output=True, text=True)
    secret = next(word for word in made.stdout.split() if word.startswith("tgk_"))
    with Server(data, f'certificate = "{certificate}"\nkey = "{key}"\n') as server:
        checked = {"PGSSLMODE": "verify-full", "PGSSLROOTCERT": str(certificate), "PGPASSWORD": secret}
        said = server.said("-Atc", "SELECT 1 AS a", "-c", "\\conninfo", **checked)
        assert said.startswith("1\n") and "TLSv1.3" in said, said
        done = server.psql("-c", "SELECT 1", **{**checked, "PGPASSWORD": "tgk_wrong"})
        assert "this key is unknown or was revoked" in done.stderr, done.stderr
        with psycopg.connect(host=server.host, port=server.port, user="x", dbname="x", password=secret, sslmode="require") as db:
            assert db.execute("SELECT 1").fetchone() == (1,)


def node(*arguments):
    # Where its modules are.
    script = node_folder / arguments[0]
    shutil.copy(HERE / arguments[0], script)
    subprocess.run(["node", script, *arguments[1:]], check=True)


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        with Server(folder / "data") as server:
            server.post(EVENTS)
            for judge in (psql, psycopg_, lambda server: asyncio.run(asyncpg_(server))):
                judge(server)
            print("psql, psycopg and asyncpg: good")
            node("clients.mjs", server.http, server.postgres)
        tls(folder)
        print("TLS 1.3 by libpq: good")
        node("boards.mjs", str(HERE.parent.parent / "deploy/grafana"))


main()
