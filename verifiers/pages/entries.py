"""The key ring, and the rows of segments: entries and their sections."""
import collections
import datetime
import hashlib
import json
import re
import struct

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from pages.common import UNREADABLE, canonical, mac, sha, u64


SUBJECT = re.compile("subject |(erasing|anonymising) [0-9a-f]{32} ")  # [keyring] names of a subject's secret
LONGEST = 12 + 16 + 32 + 1024  # nonce, tag, secret, name


def read_ring(path, master, report):
    """The secrets by name. [keyring]"""
    magic, data, at, secrets = b"tachograph ring1", path.read_bytes(), 76, {}
    try:
        if data[:16] != magic:
            raise InvalidTag
        opener = AESGCM(AESGCM(master).decrypt(data[16:28], data[28:76], magic))
        while at < len(data):
            end = at + 2 + int.from_bytes(data[at:at + 2], "little")
            if end - at - 2 > LONGEST:
                raise InvalidTag
            if end > len(data) or len(data) < at + 2:
                report.note(f"key ring {path}: a torn end from byte {at} on, which no synced batch can have used")
                break
            plain = opener.decrypt(data[at + 2:at + 14], data[at + 14:end], struct.pack("<Q", len(secrets)))
            secrets[plain[32:].decode()] = plain[:32]
            at = end
    except (InvalidTag, ValueError):
        report.find("key ring", path, f"does not open at byte {at if secrets else 16}: a wrong master key, or damage")
    return secrets


def subject_tag(secret, event):
    return mac(mac(secret, b"tacho/tag/v1"), event)[:16]  # [entry: Body and sections]

SECTIONS = ["who", "facts", "input", "output", "error", "decision", "access", "extra"]  # in the order of `body`
WHO = ["who_conversation", "who_id", "who_ip", "who_session", "who_user", "who_user_agent"]
FACT_INTS = """tokens_input tokens_output tokens_cache_read tokens_cache_write tokens_reasoning duration_us cost_micros
    cost_estimated memory_bytes cpu_ppm success_ppm confidence_ppm sensitive redactions exit_code messages_sent
    messages_received escalations response_required expected_response_us response_us escalation_us blocking
    approval_required gas_used retention_us rating_ppm tokens_total slippage_ppm threshold_us interrupted agent_assumed""".split()
FACT_TEXTS = """agent_name conversation_id turn_id model permission_level error_type severity status target from_agent
    to_agent priority task_id stage environment deployment_id git_commit git_branch entity_type entity_id order_id side
    price expected_price quantity chosen risk_level agent_type mapped_action operation symbol gas_price workflow_id
    workflow_step confidence_level response_status compliance_status regulatory_check security_scan business_value
    hook_event permission_mode effort mcp_server stop_reason request_id logger team span_id""".split()
REQUIRED = """index recorded_at timestamp time_claimed event_id agent_id action_type action_name class level outcome_status
    known source writer retention period body revision v""".split()
TEXT_MEMBER = {"event_id": "id", "agent_id": "agent", "agent_version": "agent_version", "session_uuid": "session",
               "call_id": "call", "parent_id": "parent", "phase": "phase", "action_type": "type", "action_name": "action",
               "class": "class", "level": "level", "outcome_status": "outcome", "known": "known", "source": "source",
               "writer": "writer", "retention": "retention"}
UNSIGNED = ["index", "session_seq", "producer_seq", "content", *(s + "_length" for s in SECTIONS)]
KNOWN = {*REQUIRED, *TEXT_MEMBER, *WHO, *FACT_INTS, *FACT_TEXTS, *SECTIONS[2:], *UNSIGNED, "subject_tag", "gone",
         *(s + "_commitment" for s in SECTIONS)}


def day_text(days):
    return (datetime.date(1970, 1, 1) + datetime.timedelta(days=days)).isoformat()


def entry_bytes(row):
    """The permanent bytes of a row. [segment: Header columns]"""
    if row["v"] != 1:
        raise ValueError(f"version {row['v']} of the entry is not known")
    entry = {member: row[column].decode() for column, member in TEXT_MEMBER.items() if row.get(column) is not None}
    entry |= {"v": 1, "time": row["recorded_at"], "period": day_text(row["period"]), "body": row["body"].hex()}
    entry |= {name: row[name] for name in ("session_seq", "producer_seq") if row.get(name) is not None}
    if row["time_claimed"]:
        entry["claimed"] = row["timestamp"]
    if row["revision"] != 0:
        entry["revision"] = row["revision"]
    if row.get("subject_tag") is not None:
        entry["subject"] = row["subject_tag"].hex()
    if large := [n for n, v in entry.items() if isinstance(v, int) and abs(v) >= 1 << 53]:
        raise ValueError(f"{', '.join(large)} not below 2^53")  # [entry] first paragraph
    return canonical(entry)


def section_bytes(row):
    """The sections that are there, byte for byte as they were committed. [segment: Sections]"""
    who = {n[4:]: row[n].decode() for n in WHO if row.get(n) is not None}
    facts = {n: row[n].decode() for n in FACT_TEXTS if row.get(n) is not None}
    facts |= {n: row[n] for n in FACT_INTS if row.get(n) is not None}
    there = {"who": canonical(who) if who else None, "facts": canonical(facts) if facts else None}
    there |= {name: row.get(name) for name in SECTIONS[2:]}
    return {name: data for name, data in there.items() if data is not None}


def commit(data, subject, period, event, section):
    salt = mac(mac(subject + period, b"tacho/salt/v1"), event + section.encode())  # [entry: Body and sections]
    return sha(b"tacho/commit/v1\0", salt, u64(len(data)), data)


class Rows:
    """Checks rows, and keeps what the log needs of them."""

    def __init__(self, ring, report, name_states):
        self.ring, self.report, self.name_states = ring, report, name_states
        self.leaves, self.where, self.times, self.sessions, self.written = {}, {}, {}, collections.defaultdict(list), []
        self.states, self.damaged, self.lost = collections.Counter(), 0, collections.defaultdict(list)
        self.contents = collections.defaultdict(list)  # fingerprints of the states of an id, for the journal

    def check(self, row, file):
        index, name = row.get("index"), f"{row.get('index')} in {file}"
        try:
            if missing := [c for c in REQUIRED if row.get(c) is None]:
                raise ValueError(f"no value in {', '.join(missing)}")
            leaf = sha(b"\0", entry_bytes(row))
            if index in self.leaves:
                self.report.find("entry", name, f"stands in {self.where[index]} as well")
            else:
                self.leaves[index], self.where[index], self.times[index] = leaf, file, row["recorded_at"]
                if row.get("session_uuid") is not None:
                    self.sessions[row["session_uuid"]].append((index, row.get("session_seq")))
            if row.get("content") is not None:
                self.contents[row["writer"], row["event_id"]].append(row["content"])
            self.check_sections(row, name)
        except UNREADABLE as why:  # a value missing, no UTF-8, a date out of range, a column of another type
            self.damaged += 1
            self.report.find("entry", name, f"row is damaged: {why}")
        if row.get("action_name") == b"segment_written" and row.get("writer") == b"internal".hex().encode():  # [catalog]
            self.written.append((index, row.get("recorded_at"), row.get("output")))

    def compare(self, row, file):
        """An entry that is in a segment, and here once more."""
        index = row["index"]
        if self.leaves.get(index, b"") not in (b"", sha(b"\0", entry_bytes(row))):
            self.report.find("entry", f"{index} in {file}", f"is not the one in {self.where[index]}")

    def subject_secret(self, row, event, name):
        """Of all sections but facts; None when it is gone. [segment: Sections that are gone]"""
        tag, user = row.get("subject_tag"), row.get("who_user")
        if tag is None:
            return self.ring.get("subject")
        secret = None if user is None else self.ring.get("subject " + user.decode())
        if secret is None or subject_tag(secret, event) != tag:  # who is gone, or the user's secret is, or it is not the user
            fits = [(n, s) for n, s in self.ring.items() if SUBJECT.match(n) and subject_tag(s, event) == tag]
            leaving = [s for n, s in fits if not n.startswith("subject ") and SUBJECT.sub("", n, count=1) == (user or b"").decode()]
            if leaving:  # [keyring] the user is just being erased or made anonymous
                return leaving[0]
            if user is not None and (fits or secret):
                self.report.find("entry", name, "TAMPERED: who_user is not the user whose secret gives subject_tag")
            elif user is None and fits:
                secret = fits[0][1]
        return secret

    def check_sections(self, row, name):
        there, gone, faults = section_bytes(row), {}, []
        for word in filter(None, (row.get("gone") or b"").decode().split(" ")):
            section, _, why = word.partition("=")
            if section not in SECTIONS or why not in ("erased", "expired") or section in gone:
                faults.append(f"`gone` says {word!r}")
            gone[section] = why
        for s in SECTIONS:
            marks = {s in gone, row.get(s + "_commitment") is not None, row.get(s + "_length") is not None}
            if len(marks) == 2:
                faults.append(f"{s} is gone without commitment, length or reason")
            if True in marks and s in there:
                faults.append(f"{s} is there and gone at once")
        if "who" not in gone and (row.get("subject_tag") is None) != (row.get("who_user") is None):
            faults.append("of subject_tag and who_user only one is there")
        if not re.fullmatch(rb"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", row["event_id"]):
            faults.append("event_id is no lower-case UUID")
        if faults:
            raise ValueError("; ".join(faults))

        event, day = bytes.fromhex(row["event_id"].decode().replace("-", "")), day_text(row["period"])
        subject = self.subject_secret(row, event, name)
        periods = {"who": f"period personal {day}"}
        whose = "subject" if row.get("subject_tag") is None else "of its user"
        body, sealed = hashlib.sha256(b"tacho/body/v1\0"), set()
        for s in SECTIONS:
            if s in there:
                period_name = periods.get(s, f"period {row['retention'].decode()} {day[:7]}")
                secret, period = self.ring.get("subject") if s == "facts" else subject, self.ring.get(period_name)
                if secret is None or period is None:
                    sealed |= {("subject" if s == "facts" else whose) if secret is None else period_name}
                    continue
                length, commitment = len(there[s]), commit(there[s], secret, period, event, s)
            elif s in gone:
                length, commitment = row[s + "_length"], row[s + "_commitment"]
            else:
                continue
            body.update(bytes([len(s)]) + s.encode() + u64(length) + commitment)
        state = "SEALED" if sealed else "OPEN" if body.digest() == row["body"] else "TAMPERED"
        named = {s: gone[s].upper() if s in gone else state for s in SECTIONS if s in there or s in gone}
        self.states.update(named.values())
        for secret in sealed:
            self.lost[secret].append(row["index"])
        listing = " ".join(f"{s}={n}" for s, n in named.items())
        if state == "TAMPERED":
            self.report.find("entry", name, f"TAMPERED: body is not what its sections give: {listing or 'no sections'}")
        elif self.name_states and set(named.values()) - {"OPEN"}:
            self.report.note(f"entry {name}: {listing}")
