"""What the entries of a journal consume of each voucher and give back, and the sums of it."""

from .problem import Bad
from .units import unit


DIVISIBLE = ("pass", "ticket", "stored_value", "pick_up")


class Vouchers:
    """All that the terminal of a journal consumed."""

    def __init__(self):
        self.redemptions, self.consumed, self.ended_leases, self.totals = {}, {}, set(), {}

    def redeem(self, entry):
        voucher, currency = entry["voucher"], entry["currency"]
        before, known = self.consumed.get(voucher, ((), currency))
        check_currency(known, currency)
        after = plus(before, entry["used"])
        if not is_within(after, entry["limit"]):
            raise Bad("beyond_limit", "with it, more of its voucher is consumed than the limit that stands in it")
        if entry["left"] > left_after(after, entry["limit"]):
            raise Bad("left_too_much", "it says that more is left of its voucher than its limit leaves")
        if (entry["epoch"], entry["lease"]) in self.ended_leases:
            raise Bad("lease_over", f"it takes from lease {entry['lease']}, which had ended")
        self.consumed[voucher] = (after, currency)
        self.redemptions[entry["epoch"], entry["position"]] = (voucher, entry["used"], currency, entry["kind"])
        self.count(currency, entry["kind"], 0, entry["used"])

    def end_lease(self, entry):
        self.ended_leases.add((entry["epoch"], entry["lease"]))

    def give_back(self, entry, place):
        voucher, left, currency, kind = self.redemptions.get(place, (None, (), None, None))
        if voucher is None:
            raise Bad("rollback_of_nothing", f"position {place[1]} of epoch {place[0]}, which it takes back, is no redemption")
        if voucher != entry["voucher"]:
            raise Bad("rollback_of_other", "it takes back a redemption of another voucher than it names")
        check_currency(currency, entry["currency"])
        rest = plus(left, entry["given back"], -1)
        if min(rest) < 0:
            raise Bad("gives_back_too_much", "it gives back more than is left of what the redemption consumed")
        if any(rest) and kind not in DIVISIBLE:
            raise Bad("gives_back_a_part", "it gives back a part of what is only consumed as a whole")
        self.redemptions[place] = (voucher, rest, currency, kind)
        self.consumed[voucher] = (plus(self.consumed[voucher][0], entry["given back"], -1), currency)
        self.count(currency, kind, 3, entry["given back"])

    def count(self, currency, kind, column, amount):
        """Adds an act to the sums: from column 0 what was redeemed, from 3 what was given back."""
        row = self.totals.setdefault((currency, kind), [0] * 6)
        for offset, more in enumerate((1, *amount[:2])):
            row[column + offset] += more


def check_currency(known, currency):
    if currency != known:
        raise Bad("currency_mixed", f"it is in {unit(currency)}, what was redeemed before in {unit(known)}")


def plus(a, b, sign=1):
    width = max(len(a), len(b))
    a, b = (*a, *[0] * (width - len(a))), (*b, *[0] * (width - len(b)))
    return tuple(left + sign * right for left, right in zip(a, b))


def is_within(consumed, bound):
    which, most = bound
    if which == 2:
        return min(plus(most, consumed[2:], -1), default=0) >= 0
    return consumed[which] <= most


def left_after(consumed, bound):
    which, most = bound
    return sum(plus(most, consumed[2:], -1)) if which == 2 else most - consumed[which]
