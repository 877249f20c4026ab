"""What stands behind a secret's name: told from code, types and words that merely speak of a secret.

A simpler form of the server's judgement, with the same words.
"""

from __future__ import annotations

import re

from ._names import Names

_SEP = r"[ \t]{0,16}(?:=>|:=|==?|:(?!:)|%3[dDaA]|%253[dDaA])[ \t]{0,16}"
_NAME = r"(?<![A-Za-z0-9_.\-])([A-Za-z0-9_.\-]{2,96})"
_ASSIGNED = re.compile(_NAME + r"(?:[\\\"'\]`]{0,8})" + f"({_SEP})")
_FLAG = re.compile(r"(?<![A-Za-z0-9_.\-])(--?[A-Za-z][A-Za-z0-9_.\-]{1,95})[ \t]{1,4}")
_TOLD = re.compile(_NAME + r"[ \t]{1,4}is[: \t]{1,4}")
_SPACED = re.compile(_NAME + r"[ \t]{1,4}(?![=:])")
_ATTRIBUTE = re.compile(_NAME + r"[\\\"'\]`]{0,8}[\s,-]{1,32}value[=: ]{1,8}")
_TAG = re.compile(r"<([A-Za-z0-9_.\-]{2,96})>([^<@]{1,4096})<")
_JOINS = ((_ASSIGNED, ""), (_FLAG, "tight"), (_TOLD, "colon"), (_ATTRIBUTE, "tight"), (_SPACED, "space"))
_QUOTED_VALUE = re.compile(r"[bruf@]?(\\{0,8})([\"'`])((?:(?!\1\2)[^\n]){1,4096})")
_BARE_VALUE = re.compile(r"[^\s,;&\"'`<>|\\]{1,256}")
_BARE_REST = re.compile(r"[^\s,;&\"'`<>|\\]*")
_JUDGED_MAX = 256
_HEADER_VALUE = re.compile(r"[\\\"'`]{0,8}([^\x00-\x1f\"'`\\<>]{1,4096})")

_NOTHING = frozenset(
    "true false null none nil undefined yes no required optional redacted hidden unset empty n/a missing invalid"
    " expired 0 1".split()
) | {""}
_ABOUT = frozenset("password passwd secret token string varchar text required credentials cookie".split())
_TYPES = frozenset(
    "str string bytes int bool number any text u8 u16 u32 u64 u128 i32 i64 f64 int32 int64 uint64 byte varchar"
    " secretstr uint8array buffer".split()
)
_WRAPPED = re.compile(r"(?:\$\{\{|\{\{|\$\{|\$\(|\{|<|%\(|\[)[^{}<>]+(?:\}\}|\}|\)s|\)|>|\])\Z")
_MASK = frozenset("*.xX•…-_#?")
_DOTTED = re.compile(r"[A-Za-z_]+(?:\.[A-Za-z_]+)+\Z")
_SCHEME = re.compile(r"(?:bearer|basic|token|apikey|digest|bot) +(?![${<])(\S+)\Z", re.IGNORECASE)


def is_random(value: str) -> bool:
    """Holds a digit, and is not one character over and over."""
    return any(c.isdigit() for c in value) and len(set(value)) >= 6


def is_mixed(value: str) -> bool:
    """Letters of both cases and digits."""
    has = [any(test(c) for c in value) for test in (str.isdigit, str.isupper, str.islower)]
    return all(has)


def is_placeholder(value: str) -> bool:
    """Only names where a secret would be."""
    return (
        set(value) <= {"*", "."}
        or len(value) >= 3 and set(value) <= _MASK
        or _WRAPPED.match(value) is not None
        or len(value) > 2 and value[0] == value[-1] == "%"
        or value[0] == "$" and re.fullmatch(r"\$[A-Z0-9_]+", value) is not None
        or value in ("%s", "%v", "{}", "$1", "$2")
        or value[:5].lower() in ("your_", "your-")
    )


def is_replaceable(value: str, kind: str) -> bool:
    """Whether the value of a member with a secret's name goes as a whole."""
    if kind == "directory" and _is_path(value) or kind == "code" and sum(c.isdigit() for c in value) < 3:
        return False
    return value.lower() not in _NOTHING and not is_placeholder(value)


def redact_assigned(text: str, names: Names, replacement: str) -> str:
    """Replaces what is assigned to a secret's name within a text."""
    cuts: list[tuple[int, int]] = []
    for pattern, join in _JOINS:
        covered = 0  # names inside of a value that goes as a whole are not looked at: the work stays linear
        for match in pattern.finditer(text):
            if match.start() < covered:
                continue
            kind = names.kind(match[1].strip(".-"))
            cut = _assigned(text, match.end(), kind, join or _join(match[2]), replacement) if kind else None
            if cut:
                cuts.append(cut)
                covered = cut[1]
    for match in _TAG.finditer(text):
        if names.kind(match[1]) and match[2].strip().lower() not in _NOTHING and not is_placeholder(match[2]):
            cuts.append(match.span(2))
    return _replaced(text, cuts, replacement) if cuts else text


def _join(sign: str) -> str:
    if sign in ("=", ":") or sign.startswith("%"):
        return "tight"
    return "colon" if sign.strip() == ":" else "equals"


def _replaced(text: str, cuts: list[tuple[int, int]], replacement: str) -> str:
    made, at = [], 0
    for start, end in sorted(cuts):
        if start >= at:
            made += [text[at:start], replacement]
        at = max(at, end)
    return "".join(made) + text[at:]


def _assigned(text: str, at: int, kind: str, join: str, replacement: str) -> tuple[int, int] | None:
    """Where the value at `at` stands, if it is a secret."""
    if text.startswith(replacement, at):
        return None
    if kind == "header":
        found = _HEADER_VALUE.match(text, at)
        return found.span(1) if found and _is_header(found[1].rstrip()) else None
    quoted = _QUOTED_VALUE.match(text, at)
    if quoted:
        sure = join != "space" or kind == "password"
        return quoted.span(3) if sure and _is_quoted(quoted[3], kind, replacement) else None
    bare = _BARE_VALUE.match(text, at)
    if not bare:
        return None
    value = bare[0].rstrip(")]}.:")
    end = at + len(value)
    ends = text[end : end + 64].lstrip(" \t\r)]}")[:1] in ("", "\n", '"', "'")
    if not value or not _is_bare(value[:_JUDGED_MAX], kind, join, ends):
        return None
    whole = _BARE_REST.match(text, end) if len(value) >= _JUDGED_MAX else None
    return at, whole.end() if whole else end


def _is_header(value: str) -> bool:
    for part in re.split(r"[ ;]", value[:256]):
        name, equals, item = part.partition("=")
        item = item if equals else name
        if item and not is_placeholder(item) and item[0] not in "${<" and (is_random(item) or equals and len(item) >= 6):
            return True
    single = _SCHEME.match(value)
    return single is not None and not is_placeholder(single[1])


def _is_quoted(value: str, kind: str, replacement: str) -> bool:
    padded = value[0] in " ,)" or value[-1] == " "
    names_itself = len(value) <= 12 and value.lower() in _ABOUT
    return (
        any(c.isalnum() for c in value)
        and not padded
        and not names_itself
        and not value.startswith(replacement)
        and not is_placeholder(value)
        and value.lower() not in _NOTHING
        and not (kind == "directory" and _is_path(value))
    )


def _is_bare(value: str, kind: str, join: str, ends: bool) -> bool:
    if is_placeholder(value) or value.lower() in _NOTHING or value.rstrip("?").lower() in _TYPES:
        return False
    code = any(c in "([{" for c in value) or _DOTTED.match(value) or value[0] in "&=/"
    if code and not (value[0] == "/" and is_random(value) and kind != "directory"):
        return False
    if kind == "directory" and _is_path(value):
        return False
    digits = sum(c.isdigit() for c in value)
    symbol = len(value) >= 6 and any(c in "!@#$%^*+/" for c in value[1:])
    mix = 0 < digits < len(value) and len(value) >= 5
    if kind == "code":
        return digits >= 3
    if join == "space":  # perhaps a sentence
        word = mix and len(value) >= 6 and len(value) > digits + 1
        return word if kind == "password" else len(value) >= 8 and is_mixed(value) and is_random(value)
    if join == "tight":
        return len(value) >= 3
    if kind in ("password", "directory"):
        return mix or symbol or digits >= 4 or len(value) >= 6 and ends and value.lower() not in _ABOUT
    if join == "equals":
        return (mix or symbol) and ends
    return mix and len(value) >= 6 or symbol


def _is_path(value: str) -> bool:
    return value[:1] in ("/", "~", ".", "$") or re.match(r"[A-Za-z]:[\\/]", value) is not None
