"""The run that `scripts/bench.sh` starts: loads both systems in turn, asks both, writes results.json and the tables."""

import argparse
import datetime
import json
import os
import platform
import resource
import shutil
import signal
import subprocess
import sys
import threading
import time

import probes
import queries
import report
from servers import PostgreSQL, Tachograph, cpu_s, drop_caches, status_mb, tree_bytes

HERE = os.path.dirname(os.path.abspath(__file__))


def say(text):
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


def output(*line):
    try:
        return subprocess.run(line, capture_output=True, text=True, check=True, timeout=30).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return "unknown"


def children_s():
    """Processor seconds of the children that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def machine_s():
    """Processor seconds of the whole machine."""
    with open("/proc/stat", encoding="utf-8") as file:
        words = [int(word) for word in file.readline().split()[1:]]
    return sum(words[i] for i in (0, 1, 2, 5, 6)) / os.sysconf("SC_CLK_TCK")


class Run:
    def __init__(self, options):
        self.o = options
        with open(self.file("truth", "json"), encoding="utf-8") as file:
            self.truth = json.load(file)
        self.results = {"about": self.about()}

    def file(self, name, ending):
        return os.path.join(self.o.events_folder, f"{name}-{self.o.events}.{ending}")

    def about(self):
        cpu = [line.split(":")[1].strip() for line in open("/proc/cpuinfo", encoding="utf-8") if "model name" in line]
        pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
        changed = output("git", "-C", HERE, "status", "--porcelain", "--", "../crates", "../Cargo.lock")
        commit = output("git", "-C", HERE, "rev-parse", "--short", "HEAD") + (" with changes" if changed else "")
        return {
            "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="minutes"),
            "command": self.o.command,
            "events": self.o.events,
            "event_bytes": self.truth["bytes"] / self.truth["count"],
            "rounds": self.o.rounds,
            "cpu": cpu[0] if cpu else platform.processor(),
            "cores": os.cpu_count(),
            "memory_gb": round(pages / 2**30, 1),
            "system": platform.platform(),
            "disk": output("df", "--output=fstype", self.o.temp).split("\n")[-1],
            "tachograph": output(self.o.program, "--version"),
            "commit": f"commit {commit}" if self.o.built else "given, not built from here",
            "rustc": output("rustc", "--version"),
            "postgresql": output(f"{self.o.postgresql}/postgres", "--version") if self.o.postgresql else None,
            "load_average_before": os.getloadavg()[0],
        }

    def save(self):
        with open(self.o.results, "w", encoding="utf-8") as file:
            json.dump(self.results, file, indent=1)

    def tachograph(self, name, config=""):
        return Tachograph(self.o.program, self.o.temp, os.path.join(self.o.temp, name), config)

    def load_http(self, server, *more):
        line = [self.o.load_http, "--file", self.file("events", "ndjson"), "--addr", server.address]
        return line + ["--path", "/insert/jsonline?_time_field=timestamp", "--pid", str(server.pid), *more]

    def load(self, server, *more):
        done = subprocess.run(self.load_http(server, *more), stdout=subprocess.PIPE, timeout=900)
        if done.returncode != 0:
            raise RuntimeError(f"the load ended with {done.returncode}: {server.log_end()}")
        return json.loads(done.stdout)

    @staticmethod
    def entries(server):
        """Events of senders on the log; it also holds what the server tells of its own doing."""
        found = queries.Tachograph(server.address).lines("SELECT count(*) AS n FROM events WHERE source <> 'internal'")
        return json.loads(found[0])["n"]

    # --- ingest ---------------------------------------------------------------------------------------------

    def ingest_tachograph(self, name):
        """Default configuration, an empty folder. Leaves the server running."""
        server = self.tachograph(name)
        try:
            server.start()
            time.sleep(3)
            idle = {"rss_mb": status_mb(server.pid, "VmRSS"), "anonymous_mb": status_mb(server.pid, "RssAnon")}
            got = self.load(server, "--batch", "2000", "--conns", "4") | {"idle": idle}
            got["entries"] = self.entries(server)
            if got["entries"] != self.o.events:
                raise RuntimeError(f"{self.o.events} events were acknowledged, {got['entries']} are on the log")
        except BaseException:
            server.stop()
            raise
        say(f"tachograph: {got['events_s']} events/s, {got['server_cpu_s_per_1m']} CPU s a million")
        return server, got

    def ingest_postgresql(self, cluster, how):
        """An empty table each time. INSERTs of 1000 rows, each durable, over two connections; or one COPY."""
        drop = "SET client_min_messages = error; DROP TABLE IF EXISTS agent_audit_log"
        cluster.do("-c", drop, "-f", os.path.join(HERE, "pg_schema.sql"))
        cluster.do("-c", "CHECKPOINT")
        cpu, start, all_cpu, clients_cpu = cluster.cpu_s(), time.perf_counter(), machine_s(), children_s()
        if how == "insert":
            parts = [self.file("events", f"sql.{part}") for part in ("aa", "ab")]
            clients = [cluster.psql("-f", part) for part in parts]
        else:
            with open(self.file("events", "tsv"), "rb") as rows:
                clients = [cluster.psql("-c", "\\copy agent_audit_log from pstdin", stdin=rows)]
        try:
            if any([client.wait(900) for client in clients]):
                raise RuntimeError(f"the load of PostgreSQL by {how} failed")
        finally:
            for client in clients:
                client.kill()
        seconds, all_cpu, clients_cpu = time.perf_counter() - start, machine_s() - all_cpu, children_s() - clients_cpu
        time.sleep(0.5)
        used = cluster.cpu_s() - cpu
        others = max(0.0, all_cpu - clients_cpu - used) / seconds
        used *= 1e6 / self.o.events
        say(f"postgresql {how}: {self.o.events / seconds:.0f} events/s, {used:.1f} CPU s a million")
        return {"events_s": self.o.events / seconds, "seconds": seconds, "server_cpu_s_per_1m": used} | {
            "other_cores": others
        }

    def rounds(self):
        """Both systems in turn. Leaves the last round's servers running."""
        loads = self.results["ingest"] = {"tachograph": [], "postgresql_insert": [], "postgresql_copy": []}
        server, cluster = None, None
        try:
            if self.o.postgresql:
                cluster = PostgreSQL(self.o.postgresql, self.o.temp)
                cluster.make()
                cluster.start()
                self.results["about"]["postgresql_shared_buffers_mb"] = cluster.buffers_mb
            for number in range(self.o.rounds):
                say(f"round {number + 1} of {self.o.rounds}")
                if server:
                    # Its files stay: for minutes, ext4 looks for new inodes around those of deleted files.
                    server.stop()
                server, got = self.ingest_tachograph(f"round{number}")
                loads["tachograph"].append(got)
                for how in ("insert", "copy") if cluster else ():
                    loads[f"postgresql_{how}"].append(self.ingest_postgresql(cluster, how))
                self.save()
        except BaseException:
            for running in (server, cluster):
                if running:
                    running.stop()
            raise
        return server, cluster

    # --- at rest --------------------------------------------------------------------------------------------

    def settle(self, server):
        """Everything into segments: a restart that cuts each second."""
        before = server.gauges()
        start = time.perf_counter()
        server.stop()
        stopped = time.perf_counter() - start
        server.configure("[store]\nsegment_minutes = 0")
        started = server.start()
        took = server.wait_until(
            lambda g: g["store_hot_bytes"] == 0 and g["log_sealed_entries"] == g["log_entries"], 300
        )
        # The journal is released behind the cut, and small segments are merged when nothing else is going on.
        self.wait_until_idle(server)
        self.results["settle"] = {
            "segments_before": before["store_segments"],
            "hot_mb_before": before["store_hot_bytes"] / 2**20,
            "stop_s": stopped,
            "start_s": started,
            "cut_s": took,
            "cpu_s": cpu_s(server.pid),
            "segments": server.gauges()["store_segments"],
        }
        part = lambda *names: tree_bytes(*(os.path.join(server.data, name) for name in names))
        parts = {
            "segments": part("segments"),
            "tiles": part("log"),
            "catalog": part("catalog.sqlite*"),
            "keyring": part("keyring"),
            "wal": part("wal"),
        }
        self.results["disk"] = {
            name: {"bytes_per_event": size / self.o.events, "allocated_per_event": blocks / self.o.events}
            for name, (size, blocks) in parts.items()
        }
        say(f"disk: {({name: round(d['bytes_per_event'], 1) for name, d in self.results['disk'].items()})}")
        server.stop()
        server.configure("")
        self.results["settle"]["start_from_segments_s"] = server.start()

    @staticmethod
    def wait_until_idle(server, seconds_max=300):
        """Until the server used next to no CPU for three seconds."""
        end = time.perf_counter() + seconds_max
        used, quiet = cpu_s(server.pid), 0
        while quiet < 3 and time.perf_counter() < end:
            time.sleep(1)
            now = cpu_s(server.pid)
            quiet = quiet + 1 if now - used < 0.05 else 0
            used = now

    def settle_postgresql(self, cluster):
        cluster.do("-c", "VACUUM ANALYZE agent_audit_log", "-c", "CHECKPOINT")
        sql = (
            "SELECT pg_total_relation_size(c.oid), pg_indexes_size(c.oid) FROM pg_class c "
            "WHERE c.relname LIKE 'agent_audit_log_2%' AND c.relkind = 'r'"
        )
        rows = queries.PostgreSQL(cluster.address).lines(sql)
        sizes = [[int(size) for size in queries.fields(row)] for row in rows]
        total, indexes = (sum(column) / self.o.events for column in zip(*sizes))
        self.results["disk_postgresql"] = {"bytes_per_event": total, "indexes": indexes, "heap": total - indexes}

    def ask(self, server, cluster):
        asked = self.results["queries"] = {}
        systems = {"tachograph": queries.Tachograph(server.address)}
        if cluster:
            systems["postgresql"] = queries.PostgreSQL(cluster.address)
        for name, system in systems.items():
            asked[name] = queries.measure(system, self.truth)
            say(f"{name}: {({q: round(r.get('median_ms', -1), 2) for q, r in asked[name].items()})}")
        for query, r in asked["tachograph"].items():
            other = asked.get("postgresql", {}).get(query, {}).get("rows")
            r["as_postgresql"] = None if other is None else r.get("rows") == other
        lines = systems["tachograph"].lines("SELECT outcome_status, count(*) AS n FROM events WHERE source <> 'internal' GROUP BY 1")
        found = {row["outcome_status"]: row["n"] for row in map(json.loads, lines)}
        self.results["counts_right"] = found == self.truth["by_status"]
        self.results["rss_after_queries_mb"] = status_mb(server.pid, "VmRSS")

    def ask_cold(self, server, cluster):
        """Each query of a server that was started for it, with no file in the kernel's caches."""
        if not drop_caches():
            say("the kernel's caches can't be dropped by this user: no cold figures")
            return

        def fresh(running):
            running.stop()
            running.start()
            # What it does by itself after a start is over.
            self.wait_until_idle(running, 30)
            drop_caches()
            return running.address

        cold = self.results["cold"] = {}
        cold["tachograph"] = queries.measure_cold(lambda: fresh(server), queries.Tachograph, self.truth)
        if cluster:
            cold["postgresql"] = queries.measure_cold(lambda: fresh(cluster), queries.PostgreSQL, self.truth)
        for name, found in cold.items():
            say(f"{name}, cold: {found}")

    def verify(self, server):
        server.stop()
        used, start = children_s(), time.perf_counter()
        line = [self.o.program, "--data", server.data, "verify"]
        done = subprocess.run(line, capture_output=True, text=True, timeout=600)
        seconds, used = time.perf_counter() - start, children_s() - used
        self.results["verify"] = {
            "exit_code": done.returncode,
            "summary": done.stdout.strip()[-400:],
            "seconds": seconds,
            "cpu_s": used,
            "entries_s": self.o.events / seconds,
            "entries_s_per_core": self.o.events / used,
        }
        say(f"verify: {self.o.events / seconds:.0f} entries/s, exit code {done.returncode}")

    # --- single events, crash ---------------------------------------------------------------------------------

    def single(self):
        """One sender and one reader beside a load of 10,000 events a second."""
        seconds = min(40, self.o.events // 10_000)
        server = self.tachograph("single")
        found = self.results["single"] = {}
        load = None
        try:
            server.start()
            found["alone"] = probes.single_events(server.port, 5)
            line = self.load_http(server, "--batch", "100", "--conns", "4", "--rate", "10000")
            load = subprocess.Popen(line + ["--limit", str(seconds * 10_000)], stdout=subprocess.PIPE)
            time.sleep(1)
            # On the same disk at the same time: a sync waits for whatever others write, too.
            timed = (seconds - 2) * 0.6
            beside = threading.Thread(target=lambda: found.update(fdatasync=probes.fdatasync(self.o.temp, timed)))
            beside.start()
            found["loaded"] = probes.single_events(server.port, timed)
            beside.join()
            found["visible"] = probes.visibility(server.port, (seconds - 2) * 0.35)
            found["load"] = json.loads(load.communicate(timeout=300)[0])
        finally:
            if load:
                load.kill()
            server.stop()
            shutil.rmtree(server.data)
        say(f"single events: {found['loaded']['p99_ms']:.1f} ms p99, fdatasync {found['fdatasync']['p99_ms']:.1f} ms")

    def crash(self):
        """A journal full of events that no segment holds, and the server killed."""
        events = min(self.o.events, 1_000_000)
        server = self.tachograph("crash", "[store]\nmemory_mb = 16384\nsegment_minutes = 100000")
        try:
            server.start()
            self.load(server, "--batch", "2000", "--conns", "4", "--limit", str(events))
            server.stop(signal.SIGKILL)
            wal, _ = tree_bytes(os.path.join(server.data, "wal"))
            started, used = server.start(), cpu_s(server.pid)
            entries = self.entries(server)
            self.results["crash"] = {
                "events": events,
                "lost": events - entries,
                "wal_bytes_per_event": wal / events,
                "start_s": started,
                "start_cpu_s": used,
                "rss_mb": status_mb(server.pid, "VmRSS"),
                "peak_rss_mb": status_mb(server.pid, "VmHWM"),
            }
        finally:
            server.stop(signal.SIGKILL)
            shutil.rmtree(server.data)
        say(f"start after kill -9 with {events} events in the journal: {started:.2f} s, {events - entries} lost")

    def all(self):
        server, cluster = self.rounds()
        try:
            self.settle(server)
            if cluster:
                self.settle_postgresql(cluster)
            self.ask(server, cluster)
            self.ask_cold(server, cluster)
            self.verify(server)
            self.save()
            shutil.rmtree(server.data)
        finally:
            server.stop()
            if cluster:
                cluster.stop()
        self.single()
        self.crash()
        self.results["about"]["load_average_after"] = os.getloadavg()[0]
        self.save()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("program", "load-http", "events-folder", "temp", "results", "page", "command"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--postgresql", default="", help="folder of its programs; empty leaves it out")
    parser.add_argument("--events", type=int, required=True)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--built", action="store_true", help="the program was built from this checkout")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    run = Run(options)
    run.all()
    report.write(run.results, options.page)


if __name__ == "__main__":
    main()
