"""How much of the server's redaction the client's pattern file brings, measured over the detectors' own corpus."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tachograph._redact import REDACTOR

CORPUS = Path(__file__).resolve().parents[3] / "crates/tacho-redact/tests/corpus"

Rows = list[list[str]]


def rows(name: str, columns: int) -> Rows:
    lines = (CORPUS / name).read_text("utf-8").splitlines()
    return [line.split("\t", columns - 1) for line in lines if not line.startswith("#")]


def joined(text: str) -> str:
    return text.replace("¦", "").replace("␤", "\n")


def redacted(form: str, text: str) -> Any:
    if form == "json":
        return REDACTOR.event({"x": json.loads(text)})["x"]
    return REDACTOR.text(text)


def is_gone(secret: str, around: str, output: str) -> bool:
    if len(secret) < 6:
        return output != around.replace("§", secret)
    parts = (secret[i : i + 6] for i in range(len(secret) - 5))
    return not any(part in output and part not in around for part in parts)


@pytest.mark.parametrize(("part", "recall"), [("", 0.98), ("held-out-", 0.97)])
def test_secrets_of_the_corpus_are_found(part: str, recall: float) -> None:
    missed = []
    found = rows(part + "secrets.tsv", 4)
    for kind, form, secret, around in found:
        secret, around = joined(secret), joined(around)
        output = redacted(form, around.replace("§", secret))
        if not is_gone(secret, around, output if isinstance(output, str) else json.dumps(output, ensure_ascii=False)):
            missed.append(f"{kind}: {around.replace('§', secret)}")
    print(f"{part or 'tuned '}: {len(found)} secrets, {len(found) - len(missed)} found")
    assert len(found) > 100 and 1 - len(missed) / len(found) >= recall, "\n".join(missed)


@pytest.mark.parametrize(("part", "wrong"), [("", 0), ("held-out-", 2)])
def test_lookalikes_of_the_corpus_stay(part: str, wrong: int) -> None:
    changed = []
    for form, text in rows(part + "lookalikes.tsv", 2):
        text = joined(text)
        if redacted(form, text) != (json.loads(text) if form == "json" else text):
            changed.append(text)
    assert len(changed) <= wrong, "\n".join(changed)


def test_every_expression_compiles_and_refuses_the_empty_text() -> None:
    file = json.loads((Path(__file__).parents[1] / "src/tachograph/patterns.json").read_text())
    for rule in file["rules"]:
        assert not re.compile(rule["regex"]).search(""), rule["name"]
        assert rule.get("needles") or rule.get("gate"), rule["name"]


def test_what_is_redacted_is_not_redacted_again() -> None:
    event = {"password": "x1y2z3", "text": "token=abcdef123 Bearer abcdef123456", "url": "https://a:b@c.de/"}
    once = REDACTOR.event(event)
    assert once == {"password": "[REDACTED]", "text": "[REDACTED] Bearer [REDACTED]", "url": "https://a:[REDACTED]@c.de/"}
    assert REDACTOR.event(once) == once
