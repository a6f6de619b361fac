"""The journal: whether each entry follows from those before it."""

import hashlib

from .messages import read_entry
from .problem import Bad
from .vouchers import Vouchers

ENTRY_MAX = 4096
ZERO = bytes(32)


class Journal:
    """Takes the entries of one terminal in order, and refuses the first that does not follow."""

    def __init__(self, verifier, terminal, keys, acknowledgements, bundle):
        self.verifier, self.terminal, self.keys, self.bundle = verifier, terminal, keys, bundle
        self.acknowledged = {(ack.epoch, ack.position): ack for ack in acknowledgements if ack.position > 0}
        self.epoch, self.position, self.hash = 0, 0, ZERO
        self.floor, self.uptime, self.act = None, (0, 0), None
        self.lengths, self.confirmed, self.notes = {}, {}, []
        self.vouchers, self.refused, self.bundle_seen = Vouchers(), 0, False

    def take(self, epoch, position, digest, signed):
        if hashlib.sha256(signed).digest() != digest:
            raise Bad("hash_wrong", "its hash is not the hash of its bytes")
        if len(signed) > ENTRY_MAX:
            raise Bad("too_long", f"it is longer than the {ENTRY_MAX} bytes that an entry may have")
        entry = read_entry(self.verifier.open(signed, self.keys.of_epoch(epoch), "countersign/entry/1"))
        self.check_place(entry, epoch, position)
        self.check_time(entry)
        self.check_act(entry)
        self.check_acknowledged(epoch, position, digest)
        self.take_body(entry)
        self.epoch, self.position, self.hash, self.floor = epoch, position, digest, entry["time floor"]
        self.uptime = entry["uptime"] or ((0, 0) if position == 1 else self.uptime)
        self.lengths[epoch] = position

    def check_place(self, entry, epoch, position):
        if entry["terminal"] != self.terminal:
            raise Bad("other_terminal", f"it is an entry of terminal {entry['terminal']}, not of {self.terminal}")
        if (entry["epoch"], entry["position"]) != (epoch, position):
            raise Bad("other_place", f"it was signed as position {entry['position']} of epoch {entry['epoch']}")
        if epoch == self.epoch:
            self.check_next(entry, position)
        else:
            self.check_opening(entry, epoch, position)

    def check_next(self, entry, position):
        if position != self.position + 1:
            raise Bad("gap", f"position {self.position + 1} should be here")
        if entry["prev"] != self.hash:
            raise Bad("chain_broken", "the hash that it carries is not that of the entry before it")
        if entry["body"] == "opened":
            raise Bad("opened_again", "it opens an epoch that was opened already")

    def check_opening(self, entry, epoch, position):
        if epoch < self.epoch:
            raise Bad("epoch_backwards", f"epoch {epoch} comes after epoch {self.epoch}")
        if position != 1:
            raise Bad("gap", f"position 1 of epoch {epoch} should be here")
        if entry["prev"] != ZERO:
            raise Bad("chain_broken", "it is the first of its epoch and names an entry before it")
        if entry["body"] != "opened":
            raise Bad("not_opened", "it is the first of its epoch and does not open it")
        if entry["end of the epoch before"] != self.hash:
            raise Bad("epoch_not_continued", "it opens an epoch that does not go on where the journal ended before it")
        if epoch > self.epoch + 1:
            missing = f"{self.epoch + 1} to {epoch - 1}" if epoch > self.epoch + 2 else f"{epoch - 1}"
            self.notes.append(f"epoch {missing} of the terminal is on another device; nothing is said about what stands there")

    def check_time(self, entry):
        if entry["clock"] > entry["time floor"]:
            raise Bad("clock_beyond_floor", "its clock is later than the latest time that it says had passed")
        if self.floor is not None and entry["time floor"] < self.floor:
            raise Bad("floor_fell", "the latest time that had passed is earlier in it than in the entry before")
        if entry["uptime"] is not None and entry["epoch"] == self.epoch and entry["uptime"] < self.uptime:
            raise Bad("uptime_fell", "the clock that only counts shows less than in an entry before it")

    def check_act(self, entry):
        """An act of several vouchers stands in one piece: from its first entry on, as many as it names."""
        act = entry.get("act")
        if self.act is not None and act != self.act:
            raise Bad("act_broken", f"the act of {self.act[1]} vouchers that began at position {self.act[0]} is not whole")
        if self.act is None and act is not None and act[0] != entry["position"]:
            raise Bad("act_broken", f"its act is said to begin at position {act[0]}, and did not begin there")
        done = act is None or entry["position"] >= act[0] + act[1] - 1
        self.act = None if done else act

    def check_acknowledged(self, epoch, position, digest):
        ack = self.acknowledged.pop((epoch, position), None)
        if ack is None:
            return
        if ack.hash != digest:
            raise Bad("other_entry_acknowledged", f"the platform acknowledged another entry here, with hash {ack.hash.hex()}")
        self.confirmed[epoch] = ack

    def take_body(self, entry):
        body = entry["body"]
        if body == "redeemed":
            self.vouchers.redeem(entry)
        elif body == "rolled_back":
            self.take_back(entry)
        elif body == "lease_ended":
            self.vouchers.end_lease(entry)
        elif body == "bundle_taken":
            self.check_bundle(entry)
        elif body == "recovered":
            self.check_recovered(entry)
        elif body == "refused":
            self.refused += 1

    def take_back(self, entry):
        epoch = entry["its epoch"]
        place = (epoch, entry["redemption"])
        if place >= (entry["epoch"], entry["position"]):
            raise Bad("rollback_of_later", "it takes back an entry that does not stand before it")
        if epoch in self.lengths:
            self.vouchers.give_back(entry, place)
        else:
            self.notes.append(f"position {entry['position']} of epoch {entry['epoch']} takes back what stands in epoch {epoch}")
            self.vouchers.count(entry["currency"], "unknown", 3, entry["given back"])

    def check_recovered(self, entry):
        """What is said to have been found again must stand before; what is lost is named."""
        epoch, found = entry["of epoch"], entry["found up to"]
        if (epoch, found) >= (entry["epoch"], entry["position"]):
            raise Bad("recovered_later", "it says that entries were found again which do not stand before it")
        if epoch in self.lengths and self.lengths[epoch] != found:
            raise Bad("recovered_other", f"it says that epoch {epoch} was found up to position {found}, and more or less stands here")
        if not entry["complete"]:
            self.notes.append(
                f"after position {found} of epoch {epoch} entries may be lost, {entry['lost']} of them for certain: "
                "the terminal's store was damaged"
            )

    def check_bundle(self, entry):
        if self.bundle is not None and entry["version"] == self.bundle[0]:
            self.bundle_seen = True
            if entry["hash"] != self.bundle[1]:
                raise Bad("other_bundle", f"it took another bundle of version {entry['version']} than the one given")

    def end(self):
        """What can only be seen where the journal ends."""
        if self.act is not None:
            raise Bad("act_broken", f"the journal ends within the act that began at position {self.act[0]}")
        first = min(self.lengths, default=0)
        for epoch, position in sorted(self.acknowledged):
            if epoch >= first:
                raise Bad("entries_missing", f"the platform acknowledged position {position} of epoch {epoch}, which is not here")
            self.notes.append(f"position {position} of epoch {epoch} was acknowledged, and is not here")
