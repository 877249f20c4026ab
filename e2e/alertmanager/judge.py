"""A real Prometheus and the real amtool beside a running tachograph: `judge.py TACHOGRAPH PROMETHEUS AMTOOL`.

Prometheus evaluates a rule that always holds and sends it; amtool lists, adds, silences and ends. What people are told is
taken by a web hook here, and what was done is looked for on the log.
"""
import http.server
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

PATIENCE = 60
TOLD = []
CHECKS = []


class Hook(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        TOLD.extend((alert["labels"]["alertname"], alert["status"]) for alert in body["alerts"])
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


def check(what, good, seen=""):
    CHECKS.append(bool(good))
    print(f"{'ok  ' if good else 'FAIL'} {what}{'' if good else f': {seen}'}")


def until(look):
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        found = look()
        if found:
            return found
        time.sleep(0.2)
    return look()


def main():
    program, prometheus, amtool = sys.argv[1:4]
    temp = tempfile.mkdtemp(prefix="tachograph-alertmanager.")
    hook = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hook)
    threading.Thread(target=hook.serve_forever, daemon=True).start()
    data = os.path.join(temp, "data")
    os.makedirs(data)
    with open(os.path.join(data, "config.toml"), "w", encoding="utf-8") as file:
        file.write('[alerts]\nallow_private = ["127.0.0.1"]\n')
    with open(os.path.join(data, "routing.yaml"), "w", encoding="utf-8") as file:
        file.write("route: {receiver: hook, group_by: ['...'], group_wait: 0s, group_interval: 1s}\nreceivers:\n  - name: oncall\n"
                   f"  - name: hook\n    webhook_configs: [{{url: 'http://127.0.0.1:{hook.server_port}/'}}]\n")
    children = []
    try:
        server = subprocess.Popen([program, "--data", data, "serve", "--listen", "127.0.0.1:0"], stdout=subprocess.PIPE,
                                  stderr=subprocess.DEVNULL, text=True)
        children.append(server)
        address = next(line.split("http://")[1].split()[0].split("/")[0] for line in server.stdout if "http://" in line)
        threading.Thread(target=lambda: [None for _ in server.stdout], daemon=True).start()
        url = f"http://{address}"
        judge(url, temp, prometheus, amtool, children)
    finally:
        for child in children:
            child.kill()
            child.wait()
        shutil.rmtree(temp, ignore_errors=True)
    print(f"{sum(CHECKS)} of {len(CHECKS)} checks good")
    return 0 if all(CHECKS) else 1


def judge(url, temp, prometheus, amtool, children):
    def am(*words):
        done = subprocess.run([amtool, f"--alertmanager.url={url}", *words], capture_output=True, text=True, timeout=60)
        return done.returncode, done.stdout, done.stderr

    def alerts(*matchers):
        return json.loads(am("alert", "query", "-o", "json", *matchers)[1] or "[]")

    def logged(name):
        query = f"SELECT count(*) AS n FROM events WHERE action_name = '{name}'"
        request = urllib.request.Request(f"{url}/v1/sql", query.encode(), {"accept": "application/x-ndjson", "content-type": "text/plain"})
        return json.loads(urllib.request.urlopen(request, timeout=30).read())["n"]

    with open(os.path.join(temp, "rules.yml"), "w", encoding="utf-8") as file:
        file.write("groups:\n  - name: g\n    rules:\n      - {alert: AlwaysOn, expr: vector(1), labels: {severity: warning}, "
                   "annotations: {summary: from a real Prometheus}}\n")
    with open(os.path.join(temp, "prometheus.yml"), "w", encoding="utf-8") as file:
        file.write("global: {evaluation_interval: 1s}\nrule_files: [rules.yml]\n"
                   f"alerting: {{alertmanagers: [{{static_configs: [{{targets: ['{url.split('//')[1]}']}}]}}]}}\n")
    sender = subprocess.Popen(
        [prometheus, f"--config.file={temp}/prometheus.yml", f"--storage.tsdb.path={temp}/tsdb",
         "--rules.alert.resend-delay=1s", "--web.listen-address=127.0.0.1:0"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    children.append(sender)

    found = until(lambda: alerts("alertname=AlwaysOn"))
    check("Prometheus's alert arrives", found, found)
    alert = found[0] if found else {}
    check("with its labels and annotations", alert.get("labels", {}).get("severity") == "warning"
          and alert.get("annotations", {}).get("summary") == "from a real Prometheus", alert)
    check("its receiver is named", alert.get("receivers") == [{"name": "hook"}], alert)
    check("the web hook is told of it", until(lambda: ("AlwaysOn", "firing") in TOLD), TOLD)
    check("it is told once, however often Prometheus sends it", TOLD.count(("AlwaysOn", "firing")) == 1, TOLD)
    sender.terminate()

    code, _, said = am("alert", "add", "alertname=ByHand", "severity=critical", "--annotation=summary=by hand")
    check("amtool adds an alert", code == 0, said)
    check("and finds it", until(lambda: alerts("alertname=ByHand")), said)
    check("the web hook is told of it too", until(lambda: ("ByHand", "firing") in TOLD), TOLD)
    code, silence, said = am("silence", "add", "alertname=ByHand", "-c", "known", "-d", "1h", "-a", "judge")
    silence = silence.strip()
    check("amtool sets a silence", code == 0 and silence, said)
    state = lambda *flags: [one["status"]["state"] for one in alerts("alertname=ByHand", *flags)]
    check("the alert is suppressed by it", until(lambda: state("--silenced") == ["suppressed"]), state())
    check("and left out of the active ones", state() == [], state())
    listed = json.loads(am("silence", "query", "-o", "json")[1])
    check("amtool lists it with author, comment and matcher", [(one["createdBy"], one["comment"], one["matchers"][0]["name"]) for one in listed]
          == [("judge", "known", "alertname")], listed)
    check("amtool ends it", am("silence", "expire", silence)[0] == 0)
    check("it is gone", am("silence", "query", "-q")[1].strip() == "")
    check("the alert is active again", until(lambda: state() == ["active"]), state())
    code, _, said = am("silence", "add", "alertname=~.*", "-c", "all")
    check("a silence of everything is refused, with the reason", code != 0 and "every alert" in said, said)
    code, _, said = am("alert", "add", "alertname=Broken", "--start=yesterday")
    check("nonsense is refused", code != 0, said)
    for name, least in [("alert_firing", 2), ("alert_silence_set", 1), ("alert_silence_ended", 1), ("notification_sent", 2)]:
        check(f"{name} is on the log", until(lambda: logged(name) >= least), logged(name))


if __name__ == "__main__":
    sys.exit(main())
