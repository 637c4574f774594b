"""Usage proofs in a JSON file: what is claimed, the proof, and optionally where it was submitted; one, or a list of

    {"kind": "usage", "context": HEX, "commitments": [HEX...], "total": N or null, "blinding": HEX or null,
     "points": [HEX...], "scalars": [HEX...], "hints": [HEX...],
     "submitted": {"chain": N, "contract": ID, "proof": ID, "submitter": ADDRESS, "zone": N, "period": N,
                   "first_block": N, "last_block": N, "evidence_root": HEX, "authenticity": [N...]}}

Other members, such as a comment, are free. With `submitted` the context is recomputed. The test vectors have this form.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Final, NoReturn

from appliance.audit.claim import Check, Claim, Failure, Refused
from appliance.audit.submission import Submission
from appliance.chain.address import Address, AddressError, Contract

KIND: Final = "usage"
MAX_FILE_BYTES: Final = 4 << 20  # a proof takes some 10 KB
_MOST: Final = 1 << 128


class FileError(Exception):
    """Not a proof file; the message says why."""


def save(folder: Path, submission: Submission, period: int, txid: str) -> Path:
    """Writes one batch's proof; the file's path."""
    claim = submission.claim(period)
    content = {
        "comment": f"zone {submission.zone}, blocks {submission.first_block} to {submission.last_block}",
        "transaction": txid,
        "kind": KIND,
        "submitted": {
            "chain": submission.chain_id,
            "contract": str(submission.contract),
            "proof": str(submission.proof),
            "submitter": str(submission.submitter),
            "zone": submission.zone,
            "period": period,
            "first_block": submission.first_block,
            "last_block": submission.last_block,
            "evidence_root": submission.evidence_root.hex(),
            "authenticity": list(submission.authenticity),
        },
        "context": claim.context.hex(),
        "commitments": [item.hex() for item in claim.commitments],
        "total": None if submission.sealed else submission.total,
        "blinding": None if submission.sealed else submission.blinding_sum.hex(),
        "points": [item.hex() for item in claim.points],
        "scalars": [item.hex() for item in claim.scalars],
        "hints": [item.hex() for item in claim.hints],
    }
    path = folder / f"zone-{submission.zone}-block-{submission.first_block}.json"
    path.write_text(json.dumps(content, indent=1) + "\n", "utf-8")
    return path


def load(path: Path) -> list[Mapping[str, object]]:
    """The file's proofs, unread. FileError."""
    try:
        with path.open("rb") as file:
            text = file.read(MAX_FILE_BYTES + 1)
        if len(text) > MAX_FILE_BYTES:
            _refuse(f"{path} is larger than 4 MiB")
        content = json.loads(text)
    except OSError as error:
        raise FileError(f"{path} cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise FileError(f"{path} is not JSON") from error
    proofs = content if isinstance(content, list) else [content]
    if not proofs or not all(isinstance(proof, dict) and proof.get("kind") == KIND for proof in proofs):
        _refuse(f'{path} holds something else than proofs of the kind "{KIND}"')
    return proofs


def read(content: Mapping[str, object]) -> tuple[Claim, Failure | None]:
    """The claim, and what is wrong with its context. Refused where a value is broken, FileError where there is none."""
    claim = Claim(
        context=_bytes(content, "context"),
        commitments=_all_bytes(content, "commitments"),
        total=_total(content),
        points=_all_bytes(content, "points"),
        scalars=_all_bytes(content, "scalars"),
        hints=_all_bytes(content, "hints"),
    )
    return claim, _context_failure(content.get("submitted"), claim)


def _context_failure(submitted: object, claim: Claim) -> Failure | None:
    if submitted is None:
        return None
    if not isinstance(submitted, dict):
        _refuse("submitted says where a batch was submitted")
    levels = submitted.get("authenticity")
    if not isinstance(levels, list):
        _refuse("authenticity is no list")
    try:
        submission = Submission(
            chain_id=_whole(submitted, "chain"),
            contract=Contract.parse(_text(submitted, "contract")),
            submitter=Address.from_c32(_text(submitted, "submitter")),
            zone=_whole(submitted, "zone"),
            first_block=_whole(submitted, "first_block"),
            last_block=_whole(submitted, "last_block"),
            commitments=claim.commitments,
            total=0 if claim.total is None else claim.total[0],
            blinding_sum=b"" if claim.total is None else claim.total[1],
            evidence_root=_bytes(submitted, "evidence_root"),
            authenticity=tuple(_whole({"authenticity": level}, "authenticity") for level in levels),
            points=claim.points,
            scalars=claim.scalars,
            hints=claim.hints,
            proof=Contract.parse(_text(submitted, "proof")),
            sealed=claim.total is None,
        )
    except AddressError as error:
        raise Refused(Check.CONTEXT, f"contract, proof or submitter: {error}") from error
    if submission.context(_whole(submitted, "period")) != claim.context:
        return Failure(Check.CONTEXT, "the context is not the one that follows from what was submitted")
    return None


def _total(content: Mapping[str, object]) -> tuple[int, bytes] | None:
    if content.get("total") is None and content.get("blinding") is None:
        return None
    return _whole(content, "total"), _bytes(content, "blinding")


def _bytes(content: Mapping[str, object], name: str) -> bytes:
    return _from_hex(content.get(name), name)


def _all_bytes(content: Mapping[str, object], name: str) -> tuple[bytes, ...]:
    listed = content.get(name)
    if not isinstance(listed, list):
        _refuse(f"{name} is no list")
    return tuple(_from_hex(item, name) for item in listed)


def _from_hex(text: object, name: str) -> bytes:
    if not isinstance(text, str):
        _refuse(f"{name} is missing")
    try:
        return bytes.fromhex(text)
    except ValueError as error:
        raise Refused(Check.ENCODING, f"{name} is not hexadecimal") from error


def _whole(content: Mapping[str, object], name: str) -> int:
    value = content.get(name)
    if type(value) is not int or not 0 <= value < _MOST:
        _refuse(f"{name} is no number from 0 to 2^128 - 1")
    return value


def _text(content: Mapping[str, object], name: str) -> str:
    value = content.get(name)
    if not isinstance(value, str):
        _refuse(f"{name} is no text")
    return value


def _refuse(words: str) -> NoReturn:
    raise FileError(words)
