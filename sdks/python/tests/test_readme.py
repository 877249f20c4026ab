"""The programs of README.md run as they stand, against a real server."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import Recorder

HERE = Path(__file__).resolve().parents[1]
PROGRAMS = re.findall(r"^```python\n(.*?)^```$", (HERE / "README.md").read_text(), re.MULTILINE | re.DOTALL)

# What each of them must print, and leave in the record.
EXPECTED = [
    (r"status='recorded', index=\d+.*\n.* 1850\.45\n", ["Bash", "rollback", "trade_execution"]),
    (r"Receipt\(id='.*', status='recorded'", ["deploy", "fetch", "indexer"]),
    (r"", ["ai_decision"]),
    (r"'queue_depth': 3.*\n.*'count': 1.*\n.*cpu_hotspots.*\n.*success_rate is 0\.91, below 0\.95', 'temperature is 31, above 30", ["metrics"]),
]


@pytest.mark.parametrize("number", range(len(EXPECTED)))
def test_a_program_of_the_readme(number: int, recorder: Recorder, tmp_path: Path) -> None:
    assert len(PROGRAMS) == len(EXPECTED)
    if "import shap" in PROGRAMS[number]:
        pytest.importorskip("shap")
    environment = os.environ | {
        "AUDIT_LOG_URL": recorder.url,
        "AUDIT_LOG_SPOOL": str(tmp_path / "spool"),
        "PYTHONPATH": str(HERE / "src"),
    }
    program = [sys.executable, "-W", "error::DeprecationWarning:tachograph", "-c", PROGRAMS[number]]
    ended = subprocess.run(program, env=environment, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert ended.returncode == 0, ended.stderr
    printed, names = EXPECTED[number]
    assert re.search(printed, ended.stdout), ended.stdout
    rows = recorder.sql("SELECT agent_id, action_name FROM agent_audit_log WHERE source <> 'internal'")
    found = {str(value) for row in rows for value in row.values()}
    assert set(names) <= found, rows
