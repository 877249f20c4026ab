"""Which names carry secrets: `db_password`, `X-Api-Key` and `clientSecret`, but not `input_tokens`.

A name is a secret's when it ends with a listed phrase at a word boundary: the last words say what a thing is. Judged
as the server does, by the lists of the pattern file.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_CODES = frozenset(
    "pin otp cvv cvc ssn socialsecuritynumber cardnumber creditcard passcode phonenumber".split()
)


class Names:
    def __init__(self, lists: dict[str, Any]) -> None:
        self._phrases: list[str] = sorted(lists["phrases"], key=len, reverse=True)
        self._glued = frozenset(lists["glued"])
        self._trailing = frozenset(lists["trailing"])
        self._not_secret = frozenset(lists["not_secret"])
        self._not_token = frozenset(lists["not_token"])
        self._chars_max: int = lists["name_chars_max"]
        self.kind = lru_cache(maxsize=4096)(self._kind)

    def _kind(self, name: str) -> str | None:
        """`secret`, `password`, `code`, `header`, `directory`, `phrase`, or None when it is no secret's name."""
        words = [word.lower() for word in _WORD.findall(name[-self._chars_max :])]
        while words:
            found = self._ends(words)
            if found:
                return _kind_of(found)
            if words[-1].isdigit() and len(words) > 1 or words[-1] in self._trailing and len(words) > 1:
                words.pop()
            else:
                return None
        return None

    def _ends(self, words: list[str]) -> str | None:
        whole = "".join(words)
        boundaries: dict[int, str] = {}  # where a word begins, and the word before
        at, before = 0, ""
        for word in words:
            boundaries[at] = before
            at, before = at + len(word), word
        for phrase in self._phrases:
            if not whole.endswith(phrase):
                continue
            start = len(whole) - len(phrase)
            if start == 0:
                return phrase
            if start not in boundaries:
                if phrase in self._glued:
                    return phrase
                continue
            word = boundaries[start]
            if word not in self._not_secret and not (phrase == "token" and word in self._not_token):
                return phrase
        return None


def _kind_of(phrase: str) -> str:
    if phrase in ("authorization", "cookie", "cookies"):
        return "header"
    if phrase in _CODES:
        return "code"
    if phrase == "pwd":
        return "directory"
    if phrase in ("passphrase", "mnemonic", "seedphrase", "recoveryphrase"):
        return "phrase"
    if phrase == "pw" or phrase.startswith("pass") or phrase.endswith("pass"):
        return "password"
    return "secret"
