"""The audit chain: arithmetic that an outside auditor repeats on an export, with no secret in hand.

Each event of a case has a content digest, SHA-256(salt ‖ canonical content), and the chain links
the events: head_n = SHA-256(head_{n-1} ‖ SHA-256(canonical header and content digest)). Salt and
content are sealed together, so keys rotate and persons are erased without touching a digest, and
without the salt a digest tells nothing of its content. Signed heads are kept outside the data
directory: without them nobody could see that the end of the chain is missing.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

GENESIS = bytes(32)
HEADER = ("seq", "event_id", "case_id", "ordinal", "kind", "actor_kind", "channel", "at", "digest")
SALT_BYTES = 32
_DOMAIN = b"patou audit head 1\n"


@dataclass(frozen=True, kw_only=True, slots=True)
class Problem:
    """One thing that is wrong: where in the chain, and what (`gap`, `changed`, `truncated`, …)."""

    seq: int
    kind: str

    def __str__(self) -> str:
        return f"{self.kind} at {self.seq}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """What a verification found; `anchored` is the seq up to which a signed head vouches."""

    length: int
    anchored: int
    problems: tuple[Problem, ...]

    @property
    def whole(self) -> bool:
        """Whether nothing was changed, removed, inserted, moved, cut off or forged."""
        return not self.problems


def canonical(content: Mapping[str, Any]) -> bytes:
    """The one byte form of an event's content: JSON in ASCII, keys sorted, no spaces."""
    return _json(content)


def content_digest(salt: bytes, content: Mapping[str, Any]) -> str:
    """SHA-256(salt ‖ canonical content) in hexadecimal."""
    return hashlib.sha256(salt + canonical(content)).hexdigest()


def link(previous: bytes, header: Mapping[str, Any]) -> bytes:
    """The head after the entry with this header (the fields of HEADER); 32 bytes."""
    fields = _json([header.get(name) for name in HEADER])
    return hashlib.sha256(previous + hashlib.sha256(fields).digest()).digest()


def anchor_bytes(seq: int, head: str, at: int) -> bytes:
    """What is signed for an anchor: the head (hexadecimal) after `seq` entries, at `at` (milliseconds)."""
    return _DOMAIN + _json([seq, head, at])


def _json(value: object) -> bytes:
    # The standard library's form: any auditor's tool can write it, and no character makes it fail.
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def verify(
    rows: Iterable[Mapping[str, Any]], anchors: Iterable[Mapping[str, Any]], public_key: bytes
) -> Verdict:
    """Check an export: rows with HEADER and `head`, anchors with seq, head, at and signature.

    `public_key` is the installation's Ed25519 key as the auditor got it when the installation began,
    never one read from the export. A row that reveals `salt` (hexadecimal) and `content` has its
    digest checked too. Never raises for what an export may hold.
    """
    check = _Check(public_key)
    by_seq = check.read_anchors(anchors)
    for row in rows:
        check.follow(row, by_seq)
    check.end(by_seq)
    return Verdict(length=check.length, anchored=check.anchored, problems=tuple(check.problems))


@dataclass
class _Check:
    public_key: bytes
    length: int = 0
    seq: int = 0
    anchored: int = 0
    head: bytes = GENESIS
    problems: list[Problem] = field(default_factory=list)

    def read_anchors(self, anchors: Iterable[Mapping[str, Any]]) -> dict[int, str]:
        genuine: dict[int, str] = {}
        for anchor in anchors:
            seq, head = anchor.get("seq"), anchor.get("head")
            if not isinstance(seq, int) or not isinstance(head, str) or not self._signed(anchor):
                self._found("forged", seq if isinstance(seq, int) else 0)
            elif genuine.setdefault(seq, head) != head:
                # Two signed heads for one place: the chain was written twice, as after a restore.
                self._found("forked", seq)
        return genuine

    def follow(self, row: Mapping[str, Any], anchors: Mapping[int, str]) -> None:
        seq = row.get("seq")
        if not isinstance(seq, int) or seq != self.seq + 1:
            self._found("gap", self.seq + 1)
        self.length += 1
        self.seq = seq if isinstance(seq, int) else self.seq + 1
        expected = link(self.head, row)
        self.head = _bytes(row.get("head"))
        if self.head != expected:
            self._found("changed", self.seq)
        if row.get("content") is not None and not _reveals(row):
            self._found("content", self.seq)
        if self.seq in anchors:
            if anchors[self.seq] == expected.hex():
                self.anchored = max(self.anchored, self.seq)
            else:
                self._found("rewritten", self.seq)

    def end(self, anchors: Mapping[int, str]) -> None:
        last = max(anchors, default=0)
        if last > self.seq:
            self._found("truncated", self.seq + 1)
        if self.length and not anchors:
            self._found("unanchored", self.seq)

    def _found(self, kind: str, seq: int) -> None:
        self.problems.append(Problem(seq=seq, kind=kind))

    def _signed(self, anchor: Mapping[str, Any]) -> bool:
        signed = anchor_bytes(anchor["seq"], anchor["head"], anchor.get("at", 0))
        try:
            Ed25519PublicKey.from_public_bytes(self.public_key).verify(
                _bytes(anchor.get("signature")), signed
            )
        except (InvalidSignature, ValueError):
            return False
        return True


def _reveals(row: Mapping[str, Any]) -> bool:
    content = row["content"]
    return isinstance(content, Mapping) and content_digest(_bytes(row.get("salt")), content) == row.get(
        "digest"
    )


def _bytes(hexadecimal: object) -> bytes:
    try:
        return bytes.fromhex(hexadecimal) if isinstance(hexadecimal, str) else b""
    except ValueError:
        return b""
