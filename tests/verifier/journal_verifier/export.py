"""An exported journal: the first line, those after it, and what is said about it elsewhere."""

import hashlib

from .ed25519 import is_sound_key
from .envelope import Verifier
from .fields import u32, u64
from .files import hexadecimal, raw_or_hexadecimal, read_object, rows, small_file
from .journal import ENTRY_MAX, Journal
from .messages import read_acknowledgement, read_bundle
from .problem import Bad, saying
from .units import moment

MESSAGE_MAX = 8_388_608
BUNDLE_MAX = 4_194_304
ROW_MAX = 2 * ENTRY_MAX + 512
HEADER_MAX = 2 * MESSAGE_MAX + 1024
HEADER = ("format", "terminal", "key", "root", "platform_key", "acknowledgement")
KEYS_MAX = 10_000
ROW = ("epoch", "seq", "hash", "bytes")


def check_journal(file, options):
    """Reads a journal line by line; what is wrong carries the line, epoch and position of the first bad entry."""
    verifier, journal, keys, place = Verifier(), None, None, (1, None, None)
    try:
        for line_number, line in rows(file, HEADER_MAX, ROW_MAX):
            place = (line_number, None, None)
            if journal is None:
                journal, keys = begin(verifier, line, options)
                continue
            epoch, position, row = read_row(line)
            place = (line_number, epoch, position)
            digest = hexadecimal(row["hash"], "hash", 32, 32)
            journal.take(epoch, position, digest, hexadecimal(row["bytes"], "bytes", 1, ENTRY_MAX))
        if journal is None:
            raise Bad("empty", "the file is empty")
        journal.end()
    except Bad as bad:
        bad.line, bad.epoch, bad.position = place
        raise
    return journal, keys


def begin(verifier, line, options):
    """The journal that the first line announces, with all that is said about it elsewhere."""
    terminal, keys, signed = read_header(line, options.keys)
    found = [] if signed is None else [("the acknowledgement of the first line", signed)]
    found += [acknowledgement_in(path) for path in options.acknowledgements]
    acknowledgements = [read_acknowledgement(verifier, of, signed, keys.platform_key, terminal) for of, signed in found]
    refuse_equivocation(acknowledgements)
    bundle = options.bundle and check_bundle(verifier, options.bundle, keys)
    return Journal(verifier, terminal, keys, acknowledgements, bundle), keys


def read_header(line, wanted):
    """Terminal, keys and acknowledgement of the first line."""
    header = read_object(line, HEADER_MAX, HEADER, ("keys",))
    if header["format"] != "countersign-journal/1":
        raise Bad("other_format", "this is not a journal of format countersign-journal/1")
    u32(header["terminal"], "`terminal`")
    signed = header["acknowledgement"]
    signed = None if signed is None else hexadecimal(signed, "acknowledgement", 1, MESSAGE_MAX)
    return header["terminal"], Keys(header, wanted), signed


class Keys:
    """The keys of the first line, which must be the ones that were insisted on."""

    def __init__(self, header, wanted):
        for name in ("key", "root", "platform_key"):
            found = sound_key(header[name], name)
            if wanted[name] not in (None, found):
                raise Bad("other_key", f"`{name}` is not the key that was asked for")
            setattr(self, name, found)
        self.of_epochs = dict(read_keys(header["keys"])) if "keys" in header else {}
        if self.of_epochs and self.of_epochs[max(self.of_epochs)] != self.key:
            raise Bad("other_key", "`key` is not that of the last epoch in `keys`")
        self.insisted = [name for name, value in wanted.items() if value is not None]


    def of_epoch(self, epoch):
        """The key that entries of an epoch are signed with; all have one key where the first line names no others."""
        if not self.of_epochs:
            return self.key
        if epoch not in self.of_epochs:
            raise Bad("other_key", f"`keys` names none for epoch {epoch}")
        return self.of_epochs[epoch]


def sound_key(digits, name):
    found = hexadecimal(digits, name, 32, 32)
    if not is_sound_key(found):
        raise Bad("key_weak", f"`{name}` is not a sound Ed25519 key")
    return found


def read_keys(rows_of_keys):
    """Epochs and their keys, in order and each once."""
    if type(rows_of_keys) is not list or not 0 < len(rows_of_keys) <= KEYS_MAX:
        raise Bad("not_json", "`keys` is not a list of keys")
    last = -1
    for row in rows_of_keys:
        if type(row) is not dict or set(row) != {"epoch", "key"}:
            raise Bad("not_json", "`keys` is not a list of objects of epoch and key")
        epoch = u32(row["epoch"], "`epoch` of `keys`")
        if epoch <= last:
            raise Bad("not_json", "`keys` is not in the order of epochs")
        last = epoch
        yield epoch, sound_key(row["key"], "a key of `keys`")


def read_row(line):
    row = read_object(line, ROW_MAX, ROW)
    epoch, position = u32(row["epoch"], "`epoch`"), u64(row["seq"], "`seq`")
    return epoch, position, row


def refuse_equivocation(acknowledgements):
    """Two acknowledgements with different hashes at one position prove that the platform said both."""
    seen = {}
    for ack in acknowledgements:
        other = seen.setdefault((ack.epoch, ack.position), ack)
        if other.hash != ack.hash:
            raise Bad(
                "equivocation",
                f"the platform signed two different entries at position {ack.position} of epoch {ack.epoch}: "
                f"{other.hash.hex()} at {moment(other.time)}, and {ack.hash.hex()} at {moment(ack.time)}; "
                "the two acknowledgements together prove it, whatever the journal says",
            )


def acknowledgement_in(path):
    """A signed reply as it is, in hexadecimal, or in the first line of an exported journal."""
    data = small_file(path, HEADER_MAX)
    if data[:1] == b"{":
        signed = read_object(data.partition(b"\n")[0], HEADER_MAX, HEADER, ("keys",))["acknowledgement"]
        return path, hexadecimal(signed, f"acknowledgement of {path}", 1, MESSAGE_MAX)
    return path, raw_or_hexadecimal(data, path, MESSAGE_MAX)


def check_bundle(verifier, path, keys):
    """Version and hash of a trust bundle that the root key signed, and that names the platform's key."""
    signed = raw_or_hexadecimal(small_file(path, 2 * BUNDLE_MAX), path, BUNDLE_MAX)
    with saying(path):
        bundle = read_bundle(verifier, signed, keys.root)
        if bundle["platform key"] != keys.platform_key:
            raise Bad("other_key", "it names another platform key than the journal does")
    return bundle["version"], hashlib.sha256(signed).digest()
