"""Conflicts: signed redemptions of one voucher that together consume more than it allows."""

import hashlib

from .envelope import Verifier
from .fields import text, u64
from .files import hexadecimal, parse_json, small_file
from .journal import ENTRY_MAX
from .messages import read_entry
from .problem import Bad, saying
from .vouchers import is_within, plus

CONFLICTS_MAX = 64 * 1024 * 1024
EVIDENCE = {"terminal_key", "entry", "terminal", "epoch", "seq", "uses", "amount_minor"}


def check_conflicts(path, keys):
    """Every conflict of an answer of `GET /v1/conflicts`, with what its entries prove."""
    try:
        found = parse_json(small_file(path, CONFLICTS_MAX))
    except (ValueError, RecursionError):
        raise Bad("not_json", "it is not JSON in UTF-8") from None
    listed_ones = found.get("conflicts", [found]) if type(found) is dict else None
    if type(listed_ones) is not list or not listed_ones:
        raise Bad("malformed", "it holds no conflict")
    verifier = Verifier()
    return [check_conflict(verifier, conflict, keys) for conflict in listed_ones]


def check_conflict(verifier, conflict, keys):
    """Signed redemptions of one voucher that together consume more than the limit that stands in them."""
    if type(conflict) is not dict or type(conflict.get("evidence", conflict.get("sides"))) is not list:
        raise Bad("malformed", "a conflict is not an object with `evidence`")
    name = f"conflict {u64(conflict.get('id'), '`id`')}"
    with saying(name):
        id_of = hexadecimal(conflict.get("voucher"), "voucher", 16, 16)
        voucher = (text(conflict.get("issuer"), "`issuer`"), id_of)
        sides = conflict.get("evidence", conflict.get("sides"))
        entries = [check_side(verifier, f"entry {at}", side, voucher, keys) for at, side in enumerate(sides, 1)]
        refuse_twice([entry["hash of all"] for entry in entries])
        return {"conflict": conflict["id"], "issuer": voucher[0], "voucher": id_of.hex(), **beyond(entries)}


def check_side(verifier, of, side, voucher, keys):
    with saying(of):
        if type(side) is not dict or not EVIDENCE <= set(side):
            raise Bad("malformed", f"it is not an object of {', '.join(sorted(EVIDENCE))}")
        key = hexadecimal(side["terminal_key"], "terminal_key", 32, 32)
        if keys and key not in keys:
            raise Bad("other_key", f"its key {key.hex()} is none of those that were asked for")
        signed = hexadecimal(side["entry"], "entry", 1, ENTRY_MAX)
        entry = read_entry(verifier.open(signed, key, "countersign/entry/1"))
        if entry["body"] != "redeemed" or entry["voucher"] != voucher:
            raise Bad("other_voucher", "it is no redemption of this voucher")
        told = tuple(side[name] for name in ("terminal", "epoch", "seq", "uses", "amount_minor"))
        if told != (entry["terminal"], entry["epoch"], entry["position"], *entry["used"][:2]):
            raise Bad("told_otherwise", "what is told of it beside its bytes is not what was signed")
        return {**entry, "key": key, "hash of all": hashlib.sha256(signed).digest()}


def refuse_twice(hashes):
    if len(set(hashes)) < len(hashes):
        raise Bad("twice", "the same entry stands in it twice")


def beyond(entries):
    """What the entries consumed together, which must be more than the highest limit that stands in one of them."""
    consumed = ()
    for entry in entries:
        consumed = plus(consumed, entry["used"])
    if not entries or any(is_within(consumed, entry["limit"]) for entry in entries):
        raise Bad("within_limit", "its entries together consume no more than the limit that stands in them")
    rows_of = ("terminal", "epoch", "position")
    sides = [{**{name: entry[name] for name in rows_of}, "key": entry["key"].hex()} for entry in entries]
    return {"uses": consumed[0], "consumed_minor": consumed[1], "currency": entries[0]["currency"], "entries": sides}
