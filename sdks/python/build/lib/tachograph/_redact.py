"""Takes secrets out of an event before it is written or sent.

Follows `patterns.json`, which is generated from the server's own detectors. The server looks again, with everything;
this is so that no secret lies on the client's disk. Most events hold no literal that a rule looks for: they cost one
look over their text.
"""

from __future__ import annotations

import base64
import binascii
import json
import pkgutil
import re
from collections.abc import Callable
from typing import Any

from . import _names, _values

_Check = Callable[[str], bool]

_NAMING = ("name", "Name", "key", "Key", "header", "selector", "element", "field", "label")
_NAMED = ("value", "Value", "val", "text")


class _Rule:
    """A regular expression, compiled when one of its literals is seen first."""

    def __init__(self, rule: dict[str, Any]) -> None:
        self.needles: list[str] = rule.get("needles", [])
        self._gate: str | None = rule.get("gate")
        self._regex: str = rule["regex"]
        self._flags = re.IGNORECASE if rule.get("any_case") else 0
        self._check = _CHECKS.get(rule.get("check", ""))
        self._compiled: re.Pattern[str] | None = None
        self._compiled_gate: re.Pattern[str] | None = None

    def may_match(self, text: str, lower: str) -> bool:
        if self._gate is not None:
            if self._compiled_gate is None:
                self._compiled_gate = re.compile(self._gate)
            return self._compiled_gate.search(text) is not None
        return any(needle in lower for needle in self.needles)

    def apply(self, text: str, replacement: str) -> str:
        if self._compiled is None:
            self._compiled = re.compile(self._regex, self._flags)
        group = 1 if self._compiled.groups else 0

        def replaced(match: re.Match[str]) -> str:
            value = match.group(group)
            if value.startswith(replacement) or self._check and not self._check(value):
                return match.group()
            start, end = match.start(group) - match.start(), match.end(group) - match.start()
            whole = match.group()
            return whole[:start] + replacement + whole[end:]

        return self._compiled.sub(replaced, text)


class Redactor:
    """The rules of the pattern file. Never changes."""

    def __init__(self, file: dict[str, Any]) -> None:
        self.replacement: str = file["replacement"]
        self._rules = [_Rule(rule) for rule in file["rules"]]
        self._name_needles: list[str] = file["names"]["needles"]
        self._names = _names.Names(file["names"])

    def event(self, event: dict[str, Any]) -> dict[str, Any]:
        """The event without what the rules find. Values are plain JSON; what is not touched is shared."""
        text = json.dumps(event, ensure_ascii=False)
        lower = text.lower()
        rules = [rule for rule in self._rules if rule.may_match(text, lower)]
        named = any(needle in lower for needle in self._name_needles)
        if not rules and not named:
            return event
        return {key: self._member(key, value, rules, named) for key, value in event.items()}

    def text(self, text: str) -> str:
        """A text without what the rules find."""
        return self._text(text, self._rules, True)

    def _member(self, key: str, value: Any, rules: list[_Rule], named: bool) -> Any:
        kind = self._names.kind(key) if named else None
        return self._value(value, rules, named) if kind is None else self._secret(value, kind, rules)

    def _value(self, value: Any, rules: list[_Rule], named: bool) -> Any:
        if isinstance(value, str):
            return self._text(value, rules, named)
        if isinstance(value, dict):
            return self._object(value, rules, named)
        if isinstance(value, list):
            return self._list(value, rules, named)
        return value

    def _object(self, value: dict[str, Any], rules: list[_Rule], named: bool) -> dict[str, Any]:
        made = {self._text(k, rules, False): self._member(k, item, rules, named) for k, item in value.items()}
        # `{"name": "TOKEN", "value": "…"}`
        told = next((value[key] for key in _NAMING if isinstance(value.get(key), str)), "")
        kind = self._names.kind(told.removesuffix(" field").removesuffix(" input")) if told and named else None
        for key in _NAMED:
            if kind is not None and key in value:
                made[key] = self._secret(value[key], kind, rules)
        return made

    def _list(self, value: list[Any], rules: list[_Rule], named: bool) -> list[Any]:
        made = []
        option = None  # `["--token", "…"]`
        for item in value:
            made.append(self._value(item, rules, named) if option is None else self._secret(item, option, rules))
            is_option = named and isinstance(item, str) and item.startswith("-") and not set(item) & set("= ")
            option = self._names.kind(item) if is_option else None
        return made

    def _secret(self, value: Any, kind: str, rules: list[_Rule]) -> Any:
        """A value whose name says that it is a secret."""
        if isinstance(value, dict):
            if next(iter(value), "") in ("type", "description", "title", "$ref", "anyOf"):  # a schema describes
                return self._object(value, rules, True)
            return {key: self._secret(item, kind, rules) for key, item in value.items()}
        if isinstance(value, list):
            return [self._secret(item, kind, rules) for item in value]
        if isinstance(value, bool) or value is None:
            return value
        text = str(value)
        if _values.is_replaceable(text, kind):
            return self.replacement
        return self._text(value, rules, True) if isinstance(value, str) else value

    def _text(self, text: str, rules: list[_Rule], named: bool) -> str:
        lower = text.lower()
        if named and any(needle in lower for needle in self._name_needles):
            text = _values.redact_assigned(text, self._names, self.replacement)
        for rule in rules:
            if rule.may_match(text, lower):
                text = rule.apply(text, self.replacement)
        return text


# --- checks that the pattern file names


def _is_basic(value: str) -> bool:
    try:
        decoded = base64.b64decode(value + "=" * (-len(value) % 4)).decode("ascii")
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return False
    return ":" in decoded and decoded.isprintable()


def _is_word(value: str) -> bool:
    return value[0] not in "$-<`" and not _values.is_placeholder(value)


def _is_phone(value: str) -> bool:
    is_date = len(value) >= 10 and value[4] == value[7] == "-"
    return 7 <= sum(map(str.isdigit, value)) <= 15 and not is_date


def _is_card(value: str) -> bool:
    digits = [int(c) for c in value if c.isdigit()]
    head = int("".join(map(str, digits[:4])))
    fits = (
        (4000 <= head <= 4999 and len(digits) in (13, 16, 19))
        or ((5100 <= head <= 5599 or 2221 <= head <= 2720) and len(digits) == 16)
        or ((3400 <= head <= 3499 or 3700 <= head <= 3799) and len(digits) == 15)
        or ((head == 6011 or 6440 <= head <= 6599 or 3528 <= head <= 3589) and len(digits) in (16, 19))
        or (6200 <= head <= 6299 and 16 <= len(digits) <= 19)
        or ((3000 <= head <= 3059 or head == 3095 or 3600 <= head <= 3999 and head // 100 != 37) and len(digits) in (14, 16))
        or (head in (5018, 5020, 5038, 5893, 6304, 6759, 6761, 6762, 6763) and 13 <= len(digits) <= 19)
    )
    total = sum(d if i % 2 == 0 else d * 2 - 9 * (d > 4) for i, d in enumerate(reversed(digits)))
    return fits and len(set(digits)) > 1 and total % 10 == 0


def _is_iban(value: str) -> bool:
    compact = value.replace(" ", "")
    if not 15 <= len(compact) <= 34:
        return False
    return int("".join(str(int(c, 36)) for c in compact[4:] + compact[:4])) % 97 == 1


_CHECKS: dict[str, _Check] = {
    "random": _values.is_random,
    "varied": lambda value: len(set(value)) >= 6,
    "mixed": lambda value: _values.is_mixed(value) and _values.is_random(value),
    "value": lambda value: not _values.is_placeholder(value),
    "word": _is_word,
    "basic": _is_basic,
    "phone": _is_phone,
    "card": _is_card,
    "iban": _is_iban,
}

#: The one redactor of this process, made when the client is imported: a call that imported something would hang in a
#: child that was forked while another thread imported the same.
REDACTOR = Redactor(json.loads(pkgutil.get_data(__package__, "patterns.json") or b""))
