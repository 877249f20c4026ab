"""Starts and stops the two systems, and reads from /proc what they use. Every process that is started leaves its id in
a file `*.pid` of the run's folder, so that the shell script can end it whatever happens here."""

import glob
import http.client
import os
import re
import shutil
import signal
import socket
import subprocess
import time


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def cpu_s(pid, with_children=False):
    """Processor seconds of a process, also of children it has waited for."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
            words = file.read().rsplit(") ", 1)[1].split()
    except OSError:
        return 0.0
    return sum(int(word) for word in words[11 : 15 if with_children else 13]) / os.sysconf("SC_CLK_TCK")


def status_mb(pid, key):
    with open(f"/proc/{pid}/status", encoding="utf-8") as file:
        found = re.search(rf"^{key}:\s+(\d+) kB", file.read(), re.M)
    return int(found[1]) / 1024 if found else 0.0


def tree_bytes(*paths):
    """Bytes of the files at or below the paths, and the bytes that the disk sets aside for them."""
    files = []
    for path in paths:
        for found in glob.glob(path):
            below = (os.path.join(folder, name) for folder, _, names in os.walk(found) for name in names)
            files.extend(below if os.path.isdir(found) else [found])
    stats = [os.stat(file) for file in files]
    return sum(s.st_size for s in stats), sum(s.st_blocks * 512 for s in stats)


def drop_caches():
    """Makes the kernel forget the contents of all files. False where this user may not."""
    os.sync()
    try:
        with open("/proc/sys/vm/drop_caches", "w", encoding="utf-8") as file:
            file.write("3")
    except OSError:
        return False
    return True


# Both systems must hold the same: by default tachograph drops the contents of files and query results. And a scheduled
# verification would run beside the measurements.
CONFIG = """
[minimise]
file_contents = "keep"
query_results = "keep"
command_output = "keep"
[verify]
every_hours = 0
"""


class Tachograph:
    """One server over one data folder."""

    def __init__(self, program, temp, data, config=""):
        self.program, self.temp, self.data = program, temp, data
        self.port = free_port()
        self.address = f"127.0.0.1:{self.port}"
        self.process = None
        os.makedirs(data, exist_ok=True)
        self.configure(config)

    def configure(self, config):
        with open(os.path.join(self.data, "config.toml"), "w", encoding="utf-8") as file:
            file.write(config + CONFIG)

    def start(self, seconds_max=120):
        """Returns the seconds until `/ready` answered 200."""
        log = open(os.path.join(self.temp, "tachograph.log"), "ab")
        begin = time.perf_counter()
        self.process = subprocess.Popen(
            [self.program, "--data", self.data, "serve", "--listen", self.address], stdout=log, stderr=log
        )
        log.close()
        with open(os.path.join(self.temp, f"{self.process.pid}.pid"), "w", encoding="utf-8") as file:
            file.write(str(self.process.pid))
        while not self.is_ready():
            if self.process.poll() is not None:
                raise RuntimeError(f"tachograph ended with {self.process.returncode}: {self.log_end()}")
            if time.perf_counter() - begin > seconds_max:
                raise RuntimeError(f"tachograph was not ready after {seconds_max} s")
            time.sleep(0.002)
        return time.perf_counter() - begin

    def log_end(self):
        with open(os.path.join(self.temp, "tachograph.log"), encoding="utf-8", errors="replace") as file:
            return file.read()[-600:]

    @property
    def pid(self):
        return self.process.pid

    def is_ready(self):
        try:
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
            connection.request("GET", "/ready")
            return connection.getresponse().status == 200
        except OSError:
            return False

    def gauges(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        connection.request("GET", "/metrics")
        text = connection.getresponse().read().decode()
        return {name: int(value) for name, value in re.findall(r"^tachograph_(\w+) (\d+)$", text, re.M)}

    def wait_until(self, done, seconds_max):
        """Waits until `done(gauges)`; returns the seconds."""
        begin = time.perf_counter()
        while not done(self.gauges()):
            if time.perf_counter() - begin > seconds_max:
                raise RuntimeError(f"still {self.gauges()} after {seconds_max} s")
            time.sleep(0.1)
        return time.perf_counter() - begin

    def stop(self, how=signal.SIGTERM):
        if self.process and self.process.poll() is None:
            self.process.send_signal(how)
            try:
                self.process.wait(60)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        if self.process:
            pid_file = os.path.join(self.temp, f"{self.process.pid}.pid")
            if os.path.exists(pid_file):
                os.remove(pid_file)
        self.process = None


SETTINGS = """
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
timezone = 'UTC'
shared_buffers = {buffers}MB
max_wal_size = 8GB
wal_compression = lz4
synchronous_commit = on
fsync = on
"""


class PostgreSQL:
    """One cluster in a temporary folder, run as user postgres when this runs as root."""

    def __init__(self, binaries, temp):
        self.binaries, self.temp = binaries, temp
        self.data = os.path.join(temp, "postgresql")
        self.port = free_port()
        self.address = f"127.0.0.1:{self.port}"
        self.as_user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        self.process = None
        # 4 GB on a machine that has room for it, a quarter of the memory else.
        self.buffers_mb = min(4096, os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") >> 22)
        self.pid = 0

    def make(self):
        os.makedirs(self.data)
        if self.as_user:
            shutil.chown(self.data, "postgres", "postgres")
        os.chmod(self.data, 0o700)
        make = [f"{self.binaries}/initdb", "-D", self.data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C"]
        # A folder that user postgres may not enter is no place to start from.
        subprocess.run(self.as_user + make, check=True, stdout=subprocess.DEVNULL, cwd="/", timeout=120)
        with open(f"{self.data}/postgresql.conf", "a", encoding="utf-8") as file:
            file.write(SETTINGS.format(buffers=self.buffers_mb) + f"port = {self.port}\n")

    def start(self):
        log = open(os.path.join(self.temp, "postgresql.log"), "ab")
        run = self.as_user + [f"{self.binaries}/postgres", "-D", self.data]
        self.process = subprocess.Popen(run, stdout=log, stderr=log, cwd="/")
        log.close()
        for _ in range(300):
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                break
            except OSError:
                time.sleep(0.1)
        else:
            raise RuntimeError("PostgreSQL did not start; see postgresql.log")
        with open(f"{self.data}/postmaster.pid", encoding="utf-8") as file:
            self.pid = int(file.readline())
        with open(os.path.join(self.temp, f"{self.pid}.pid"), "w", encoding="utf-8") as file:
            file.write(str(self.pid))

    def psql(self, *arguments, stdin=None):
        """A running psql."""
        line = [f"{self.binaries}/psql", "-h", "127.0.0.1", "-p", str(self.port), "-U", "postgres", "-qX"]
        return subprocess.Popen(line + ["-v", "ON_ERROR_STOP=1", *arguments], stdin=stdin, stdout=subprocess.DEVNULL)

    def do(self, *arguments):
        if self.psql(*arguments).wait(300) != 0:
            raise RuntimeError(f"psql {arguments} failed")

    def cpu_s(self):
        """Of the server process, its children that have ended and those that live."""
        with open(f"/proc/{self.pid}/task/{self.pid}/children", encoding="utf-8") as file:
            return cpu_s(self.pid, with_children=True) + sum(cpu_s(int(child)) for child in file.read().split())

    def stop(self):
        if self.process and self.process.poll() is None:
            os.kill(self.pid, signal.SIGINT)
            try:
                self.process.wait(60)
            except subprocess.TimeoutExpired:
                os.kill(self.pid, signal.SIGQUIT)
        pid_file = os.path.join(self.temp, f"{self.pid}.pid")
        if os.path.exists(pid_file):
            os.remove(pid_file)
        self.process = None
