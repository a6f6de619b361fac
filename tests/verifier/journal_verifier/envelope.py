"""The envelope: an untagged COSE_Sign1 (RFC 9052) of which only key id, payload and signature vary."""

import hashlib

from .cbor import byte_string, head
from .ed25519 import is_canonical_signature, is_sound_key, load_ed25519
from .problem import Bad


class Verifier:
    """Opens envelopes with a key; which keys are sound is remembered."""

    def __init__(self):
        self.fits, self.sound = load_ed25519(), {}

    def open(self, signed, key, context):
        """The payload of an envelope that `key` signed for `context`."""
        key_id, payload, signature = parts(signed)
        if key_id != hashlib.sha256(key).digest()[:4]:
            raise Bad("other_key", "it names another key than the one that should have signed it")
        if not is_canonical_signature(signature):
            raise Bad("signature_not_strict", "its signature is not in strict form, so anybody may have made it from another")
        if not self.is_sound(key):
            raise Bad("key_weak", "the key that should have signed it is not a sound Ed25519 key")
        if not self.fits(key, signature, to_be_signed(key_id, payload, context)):
            raise Bad("signature_wrong", "its signature does not fit")
        return payload

    def is_sound(self, key):
        if key not in self.sound:
            self.sound[key] = is_sound_key(key)
        return self.sound[key]


def parts(signed):
    """Key id, payload and signature; the envelope is written again from them and must come out the same."""
    key_id, payload, signature = signed[7:11], b"", signed[-64:]
    if signed[12:13]:
        _, length, start = head(signed, 12)
        payload = signed[start : start + length]
    again = b"\x84" + byte_string(protected(key_id)) + b"\xa0" + byte_string(payload) + b"\x58\x40" + signature
    if again != signed:
        raise Bad("not_cose", "it is not a COSE_Sign1 envelope in the one form that is allowed")
    return key_id, payload, signature


def protected(key_id):
    return b"\xa2\x01\x32\x04\x44" + key_id


def to_be_signed(key_id, payload, context):
    return (
        b"\x84\x6aSignature1" + byte_string(protected(key_id)) + byte_string(context.encode()) + byte_string(payload)
    )
