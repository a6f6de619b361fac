"""The signed messages that speak of a journal, as the tables of the protocol have them."""

from collections import namedtuple

from .cbor import decode
from .fields import fields, flag, listed, number, raw, text, time, tuple_of, u32, u64, variant
from .problem import Bad, saying

KINDS = (
    "prepaid_deal", "amount_off", "percent_off", "pass", "stored_value", "item", "ticket", "pick_up",
)
Acknowledgement = namedtuple("Acknowledgement", "epoch position hash time")


def read_entry(payload):
    entry = fields(decode(payload), "the entry", ENTRY)
    which, inside = entry["body"]
    if not 0 <= which < len(BODIES):
        raise Bad("malformed", "the entry is of a kind that this program does not know; a newer one may")
    name, table = BODIES[which]
    if isinstance(table, dict):
        entry.update(fields(tuple_of(lambda value, _: value)(inside, name)[0], "the entry", table))
    else:
        values = tuple_of(*(read for _, read in table))(inside, "the entry")
        entry.update(zip((field for field, _ in table), values))
    entry["body"] = name
    return entry


def read_acknowledgement(verifier, of, signed, platform_key, terminal):
    with saying(of):
        return acknowledgement(verifier, signed, platform_key, terminal)


def acknowledgement(verifier, signed, platform_key, terminal):
    reply = fields(decode(verifier.open(signed, platform_key, "countersign/reply/1")), "the reply", REPLY)
    if reply["terminal"] != terminal:
        raise Bad("other_terminal", f"it was given to terminal {reply['terminal']}")
    which, inside = reply["body"]
    if which != 0:
        raise Bad("not_an_acknowledgement", "it is another reply, which acknowledges nothing")
    epoch, position, digest = tuple_of(head_of, listed(lambda value, _: value, 2**20))(inside, "the reply")[0]
    return Acknowledgement(epoch, position, digest, reply["time"])


def read_bundle(verifier, signed, root):
    return fields(decode(verifier.open(signed, root, "countersign/bundle/1")), "the bundle", BUNDLE)


def lines(value, name):
    pieces = listed(u32, 8)(value, name)
    if pieces and pieces[-1] == 0:
        raise Bad("malformed", f"{name} is longer than its last line that has any")
    return pieces


def used(value, name):
    """Uses, minor units, and the pieces of each line of an order."""
    if type(value) is not list or len(value) not in (2, 3):
        raise Bad("malformed", f"{name} is not an array of two or three")
    return (u32(value[0], name), u64(value[1], name), *(lines(value[2], name) if len(value) == 3 else ()))


def limit(value, name):
    which, inside = variant(value, name)
    readers = (tuple_of(u32), tuple_of(u64), tuple_of(lines))
    if not 0 <= which < len(readers):
        raise Bad("malformed", f"{name} is none that is known")
    return which, readers[which](inside, name)[0]


def kind(value, name):
    return KINDS[number(1, len(KINDS))(value, name) - 1]


voucher_key = tuple_of(text, raw(16))
head_of = tuple_of(u32, u64, raw(32))

OPENED = {1: ("software", text, True), 2: ("end of the epoch before", raw(32), True)}
REDEEMED = {
    1: ("voucher", voucher_key, True), 2: ("hash of the token", raw(32), True), 3: ("kind", kind, True),
    4: ("used", used, True), 5: ("currency", u32, True), 6: ("bill", u64, False), 7: ("limit", limit, True),
    8: ("left", u64, True), 9: ("method", number(0, 4), True), 10: ("findings", listed(text, 256), True),
    11: ("online", flag, True), 12: ("version of the bundle", u64, True), 13: ("time of the list", time, False),
    14: ("rest of the bill", u64, False), 15: ("due", u64, False), 16: ("approver", u32, False),
    17: ("presence", number(0, 2), True), 18: ("customer", text, False), 19: ("lease", u32, False),
    20: ("waiting", tuple_of(u32, u64), True), 21: ("act", tuple_of(u64, number(1, 10)), False),
    22: ("goods", listed(tuple_of(u32, u64, text), 8), True), 23: ("time of the phone", time, False),
}
REFUSED = {
    1: ("outcome", number(0, 2), True), 2: ("code", text, True), 3: ("voucher", voucher_key, False),
    4: ("hash of the scan", raw(32), True), 5: ("method", number(0, 4), True),
    6: ("findings", listed(text, 256), True), 7: ("online", flag, True),
}
ROLLED_BACK = {
    1: ("redemption", u64, True), 2: ("voucher", voucher_key, True), 3: ("given back", used, True),
    4: ("currency", u32, True), 5: ("reason", text, True), 6: ("its epoch", u32, True), 7: ("approver", u32, False),
}
BUNDLE_TAKEN = (("version", u64), ("hash", raw(32)))
RECOVERED = {1: ("of epoch", u32, True), 2: ("found up to", u64, True), 3: ("lost", u64, True), 4: ("complete", flag, True)}
LEASE_ENDED = (("lease", u32), ("taken", used))
BODIES = (
    ("opened", OPENED), ("redeemed", REDEEMED), ("refused", REFUSED), ("rolled_back", ROLLED_BACK),
    ("bundle_taken", BUNDLE_TAKEN), ("lease_ended", LEASE_ENDED), ("recovered", RECOVERED),
)
ENTRY = {
    1: ("terminal", u32, True), 2: ("epoch", u32, True), 3: ("position", u64, True), 4: ("prev", raw(32), True),
    5: ("clock", time, True), 6: ("time floor", time, True), 7: ("branch", u32, True), 8: ("operator", u32, False),
    9: ("body", variant, True), 10: ("uptime", tuple_of(u64, u64), False),
}
REPLY = {
    1: ("nonce", raw(16), True), 2: ("terminal", u32, True), 3: ("time", time, True), 4: ("body", variant, True),
}
MERCHANT = {1: ("number", u32, True), 2: ("name", text, True)}
BUNDLE = {
    1: ("version", u64, True), 2: ("time of issue", time, True),
    3: ("merchant", lambda value, name: fields(value, name, MERCHANT), True), 4: ("platform key", raw(32), True),
}
