"""Alertmanager's own amtool and tachograph read the same configurations: they must name the same receivers, and refuse
the same mistakes.

    judge.py TACHOGRAPH AMTOOL
"""

import pathlib
import random
import subprocess
import sys
import tempfile

here = pathlib.Path(__file__).parent
tachograph, amtool = sys.argv[1:3]
CASES = 80
LABELS = {
    "alertname": ["Watchdog", "slow_api", "system_outage"],
    "severity": ["critical", "warning", "info"],
    "tier": ["security", "operations", "engineering", "management"],
    "agent_id": ["a1", "a2", "a3", "a11"],
    "environment": ["staging", "production"],
}
# Each is a mistake in the configuration: neither program may accept it.
MISTAKES = [
    ("receiver: digest", "receiver: digset"),
    ("group_wait: 30s", "group_wiat: 30s"),
    ("repeat_interval: 4h", "repeat_interval: often"),
    ('tier=~"security|operations"', 'tier=~"security|("'),
    ("[nights]", "[days]"),
    ("start_time: '22:00'", "start_time: '25:00'"),
    ("weekdays:", "weekday:"),
    ("'monday:friday'", "'monday:freitag'"),
    ("Europe/Berlin", "Europe/Berlyn"),
    ('alertname="Watchdog"', "alertname"),
    ("  receiver: default\n", "  matchers: [a=b]\n  receiver: default\n"),
    ("pagerduty_configs:", "pagerdutty_configs:"),
    ("inhibit_rules:", "inhibit_rule:"),
]


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True)
    return done.returncode, done.stdout.strip(), done.stderr.strip()


def main():
    wrong = []
    original, text = here / "alertmanager.yml", (here / "alertmanager.yml").read_text()
    with tempfile.TemporaryDirectory() as folder:
        written = pathlib.Path(folder) / "imported.yml"
        code, out, errors = run(tachograph, "rules", "routing", "import", str(original))
        written.write_text(out + "\n")
        if code or "resolve_timeout" not in errors or "pushover_configs" not in errors:
            wrong.append(f"import: ended with {code}: {errors}")
        for file in [original, written, here / "../../crates/tacho-alert/rules/routing.yaml"]:
            code, out, errors = run(amtool, "check-config", str(file))
            if code:
                wrong.append(f"amtool refuses {file.name}: {out} {errors}")
        dice, seen = random.Random(11), set()
        for _ in range(CASES):
            labels = [f"{name}={dice.choice(values)}" for name, values in LABELS.items() if dice.random() < 0.8]
            if not labels:
                continue
            _, theirs, _ = run(amtool, "config", "routes", "test", f"--config.file={original}", *labels)
            code, ours, errors = run(tachograph, "rules", "routing", "test", "--routing", str(original), *labels)
            seen.add(theirs)
            if code or ours != theirs:
                wrong.append(f"{labels}: tachograph says {ours or errors}, amtool {theirs}")
        if len(seen) < 8:
            wrong.append(f"only {len(seen)} answers were met, which says little")
        for good, bad in MISTAKES:
            file = pathlib.Path(folder) / "mistake.yml"
            assert good in text, good
            file.write_text(text.replace(good, bad, 1))
            theirs, ours = run(amtool, "check-config", str(file)), run(tachograph, "rules", "routing", "check", str(file))
            if not theirs[0] or ours[0] != 1:
                wrong.append(f"{bad}: amtool ended with {theirs[0]}, tachograph with {ours[0]}: {ours[1]} {ours[2]}")
    for line in wrong:
        print(line)
    if not wrong:
        print(f"{CASES} sets of labels with {len(seen)} answers, {len(MISTAKES)} mistakes: tachograph and amtool agree")
    return 1 if wrong else 0


sys.exit(main())
