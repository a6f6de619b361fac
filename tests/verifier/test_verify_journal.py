"""Tests of the verifier: vectors of the standards, the examples of the pages, and whatever a file may hold."""

import contextlib
import hashlib
import io
import json
import os
import random
import re
import tempfile
import unittest

from journal_verifier import cbor, ed25519
from journal_verifier.envelope import Verifier, to_be_signed
from journal_verifier.files import hexadecimal, parse_json
from journal_verifier.problem import Bad
from journal_verifier.units import amount, moment
from verify_journal import main

PAGES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "src", "domain")
BASE = ed25519.point(bytes.fromhex("58" + "66" * 31))


def page(*path):
    with open(os.path.join(PAGES, *path), encoding="utf-8") as file:
        return file.read()


def spell(a):
    inverse = pow(a[2], -1, ed25519.P)
    x, y = a[0] * inverse % ed25519.P, a[1] * inverse % ed25519.P
    return (y | (x & 1) << 255).to_bytes(32, "little")


def digest_number(*parts):
    return int.from_bytes(hashlib.sha512(b"".join(parts)).digest(), "little") % ed25519.L


class Signer:
    """Ed25519 as RFC 8032 section 5.1.6 writes it."""

    def __init__(self, seed):
        digest = hashlib.sha512(seed).digest()
        self.scalar = int.from_bytes(digest[:32], "little") & (2**254 - 8) | 2**254
        self.prefix = digest[32:]
        self.key = spell(ed25519.times(self.scalar, BASE))

    def sign(self, message):
        nonce = digest_number(self.prefix, message)
        half = spell(ed25519.times(nonce, BASE))
        rest = (nonce + digest_number(half, self.key, message) * self.scalar) % ed25519.L
        return half + rest.to_bytes(32, "little")

    def seal(self, payload, context):
        key_id = hashlib.sha256(self.key).digest()[:4]
        signature = self.sign(to_be_signed(key_id, payload, context))
        protected = cbor.byte_string(b"\xa2\x01\x32\x04\x44" + key_id)
        return b"\x84" + protected + b"\xa0" + cbor.byte_string(payload) + b"\x58\x40" + signature


def encode(value):
    """Deterministic CBOR, for what the tests write."""
    if value is None or type(value) is bool:
        return {False: b"\xf4", True: b"\xf5", None: b"\xf6"}[value]
    if type(value) is int:
        return start(0, value) if value >= 0 else start(1, -1 - value)
    if type(value) is bytes:
        return start(2, len(value)) + value
    if type(value) is str:
        return start(3, len(value.encode())) + value.encode()
    if type(value) is dict:
        return start(5, len(value)) + b"".join(encode(key) + encode(value[key]) for key in sorted(value))
    return start(4, len(value)) + b"".join(map(encode, value))


def start(major, number):
    if number < 24:
        return bytes([major << 5 | number])
    width = next(width for width in (1, 2, 4, 8) if number < 1 << 8 * width)
    return bytes([major << 5 | 23 + width.bit_length()]) + number.to_bytes(width, "big")


class Cbor(unittest.TestCase):
    def test_examples_of_rfc_8949_appendix_a_are_read(self):
        examples = {
            "00": 0, "17": 23, "1818": 24, "1903e8": 1000, "1a000f4240": 1000000, "1bffffffffffffffff": 2**64 - 1,
            "20": -1, "3863": -100, "3bffffffffffffffff": -(2**64), "f4": False, "f5": True, "f6": None, "40": b"",
            "4401020304": b"\x01\x02\x03\x04", "60": "", "6449455446": "IETF", "62c3bc": "\u00fc", "80": [],
            "8301820203820405": [1, [2, 3], [4, 5]], "a0": {}, "a201020304": {1: 2, 3: 4},
        }
        for spelling, value in examples.items():
            self.assertEqual(cbor.decode(bytes.fromhex(spelling)), value, spelling)
            self.assertEqual(encode(value), bytes.fromhex(spelling))

    def test_every_other_spelling_is_refused(self):
        refused = (
            "", "1817", "1900ff", "1a0000ffff", "1b00000000ffffffff", "3800", "5801aa", "7801aa", "980100", "b8010000",
            "1c", "1f", "5f", "5f42010243030405ff", "7f657374726561646d696e67ff", "9f", "9fff", "bf", "bfff", "ff",
            "c074323031332d30332d32315432303a30343a30305a", "d818456449455446", "f90000", "fa47c35000",
            "fb3ff199999999999a", "f7", "f0", "f818", "f8ff", "f814", "0000", "18", "19ff", "4401", "61", "62c3", "61ff",
            "8201", "a101", "a201020102", "a203040102", "a120", "a1616101", "a1f601", "9bffffffffffffffff",
            "bbffffffffffffffff", "5bffffffffffffffff", "9a00100000", "81" * 17 + "00",
        )
        for spelling in refused:
            with self.assertRaises(Bad, msg=spelling):
                cbor.decode(bytes.fromhex(spelling))

    def test_depth_is_bounded_and_not_by_the_stack(self):
        self.assertEqual(cbor.decode(b"\x81" * 16 + b"\x00")[0][0][0][0], cbor.decode(b"\x81" * 12 + b"\x00"))
        with self.assertRaises(Bad):
            cbor.decode(b"\x81" * 1_000_000)


class Ed25519(unittest.TestCase):
    # RFC 8032 section 7.1, tests 1 to 3 and SHA(abc): seed, key, message, signature.
    VECTORS = (
        ("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
         "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
         "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
         "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"),
        ("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
         "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
         "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
         "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"),
        ("c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
         "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
         "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
         "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"),
        ("833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42",
         "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
         "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd"
         "454d4423643ce80e2a9ac94fa54ca49f",
         "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b589"
         "09351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704"),
    )

    def test_vectors_of_rfc_8032_fit_and_are_sound(self):
        fits = ed25519.load_ed25519()
        for seed, key, message, signature in (map(bytes.fromhex, vector) for vector in self.VECTORS):
            self.assertTrue(ed25519.is_sound_key(key) and ed25519.is_canonical_signature(signature))
            self.assertTrue(fits(key, signature, message))
            self.assertFalse(fits(key, signature, message + b"x"))
            signer = Signer(seed)
            self.assertEqual((signer.key, signer.sign(message)), (key, signature))

    def test_a_second_spelling_of_a_signature_is_refused(self):
        signature = bytes.fromhex(self.VECTORS[0][3])
        rest = int.from_bytes(signature[32:], "little")
        for other in (rest + ed25519.L, rest + 2 * ed25519.L, ed25519.L, 2**256 - 1):
            self.assertFalse(ed25519.is_canonical_signature(signature[:32] + other.to_bytes(32, "little")))
        self.assertFalse(ed25519.is_canonical_signature(signature[:63]))

    def test_points_of_small_order_are_refused_in_all_their_spellings(self):
        p = ed25519.P
        for y in ed25519.SMALL_Y:
            for number in (y, y + p):
                for sign in (0, 1):
                    if number < 2**255:
                        spelling = (number | sign << 255).to_bytes(32, "little")
                        self.assertFalse(ed25519.is_canonical_point(spelling), spelling.hex())
                        self.assertFalse(ed25519.is_sound_key(spelling))
            where = ed25519.point(y.to_bytes(32, "little"))
            self.assertTrue(ed25519.is_neutral(ed25519.times(8, where)), "it is of small order")

    def test_all_points_of_small_order_are_known(self):
        eighth = ed25519.point(ed25519.ORDER_8.to_bytes(32, "little"))
        found = {int.from_bytes(spell(ed25519.times(n, eighth)), "little") & (2**255 - 1) for n in range(8)}
        self.assertEqual(found, set(ed25519.SMALL_Y))

    def test_keys_off_the_curve_or_outside_the_prime_order_group_are_refused(self):
        eighth = ed25519.point(ed25519.ORDER_8.to_bytes(32, "little"))
        for _, key, _, _ in self.VECTORS:
            mixed = spell(ed25519.add(ed25519.point(bytes.fromhex(key)), eighth))
            self.assertTrue(ed25519.is_canonical_point(mixed))
            self.assertFalse(ed25519.is_sound_key(mixed))
        off = [n for n in range(2, 20) if ed25519.point(n.to_bytes(32, "little")) is None]
        self.assertTrue(off)
        self.assertFalse(any(ed25519.is_sound_key(n.to_bytes(32, "little")) for n in off))
        high = ((1 << 255) - 19 + 3).to_bytes(32, "little")
        self.assertFalse(ed25519.is_canonical_point(high))


class Pages(unittest.TestCase):
    def test_every_token_of_the_format_opens_as_a_voucher_and_as_nothing_else(self):
        found = re.findall(r"^token hex: +([0-9a-f]+)$", page("voucher", "FORMAT.md"), re.MULTILINE)
        key = bytes.fromhex(Ed25519.VECTORS[0][1])
        self.assertGreater(len(found), 8)
        verifier = Verifier()
        for token in map(bytes.fromhex, found):
            claims = cbor.decode(verifier.open(token, key, "countersign/voucher/1"))
            self.assertEqual(claims[1], "demo")
            for other in ("countersign/entry/1", "countersign/reply/1"):
                with self.assertRaises(Bad):
                    verifier.open(token, key, other)

    def test_no_byte_of_an_envelope_may_differ(self):
        key = bytes.fromhex(Ed25519.VECTORS[0][1])
        token = bytes.fromhex(re.search(r"^token hex: +([0-9a-f]+)$", page("voucher", "FORMAT.md"), re.MULTILINE)[1])
        verifier = Verifier()
        for at in range(len(token)):
            for changed in (token[:at], token[:at] + bytes([token[at] ^ 1]) + token[at + 1 :], token[at + 1 :]):
                with self.assertRaises(Bad):
                    verifier.open(changed, key, "countersign/voucher/1")
        with self.assertRaises(Bad):
            verifier.open(token + b"\x00", key, "countersign/voucher/1")


TERMINAL, ROOT, PLATFORM = (Signer(bytes([n]) * 32) for n in (4, 5, 6))
ENTRIES = (
    [0, [{1: "0.1.0", 2: bytes(32)}]],
    [4, [3, bytes([9]) * 32]],
    [1, [{1: ["demo", bytes(16)], 2: bytes(32), 3: 4, 4: [2, 800], 5: 978, 7: [0, [3]], 8: 1, 9: 0, 10: ["not_confirmed"],
          11: False, 12: 3, 17: 0, 20: [0, 0], 22: []}]],
    [3, [{1: 3, 2: ["demo", bytes(16)], 3: [1, 400], 4: 978, 5: "wrong_scan", 6: 1}]],
    [2, [{1: 2, 2: "not_a_voucher", 4: bytes(32), 5: 0, 6: [], 7: False}]],
)


def journal(entries=ENTRIES, acknowledged=4, uptimes=()):
    """The lines of a journal of these entries, of which the platform acknowledged so many."""
    rows, prev, ack = [], bytes(32), None
    for at, body in enumerate(entries, 1):
        entry = {1: 5, 2: 1, 3: at, 4: prev, 5: 1797336000, 6: 1797336000, 7: 11, 9: body}
        if at <= len(uptimes):
            entry[10] = uptimes[at - 1]
        signed = TERMINAL.seal(encode(entry), "countersign/entry/1")
        prev = hashlib.sha256(signed).digest()
        rows.append({"epoch": 1, "seq": at, "hash": prev.hex(), "bytes": signed.hex()})
        ack = acknowledgement(at, prev) if at == acknowledged else ack
    header = {"format": "countersign-journal/1", "terminal": 5, "key": TERMINAL.key.hex(), "root": ROOT.key.hex(),
              "platform_key": PLATFORM.key.hex(), "acknowledgement": ack and ack.hex()}
    return [json.dumps(line).encode() + b"\n" for line in (header, *rows)]


def acknowledgement(position, digest, terminal=5):
    reply = {1: bytes(16), 2: terminal, 3: 1797336001, 4: [0, [[1, position, digest], []]]}
    return PLATFORM.seal(encode(reply), "countersign/reply/1")


class Files(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.lines = journal()

    def run_on(self, data, *options):
        """Status, object and errors; whatever the data, there is an answer."""
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "journal.jsonl")
            with open(path, "wb") as file:
                file.write(data)
            out = io.StringIO()
            with contextlib.redirect_stdout(out):
                status = main([*options, "--json", path])
            return status, json.loads(out.getvalue())

    def refused(self, data, line, code, *options):
        status, answer = self.run_on(data, *options)
        self.assertEqual((status, answer["line"], answer["code"]), (1, line, code), answer)

    def test_a_journal_holds_and_its_sums_are_told(self):
        status, answer = self.run_on(b"".join(self.lines))
        self.assertEqual((status, answer["holds"], answer["entries"], answer["acknowledged"]), (0, True, 5, 4), answer)
        self.assertEqual(answer["totals"], [{
            "currency": 978, "unit": "EUR", "kind": "pass", "redemptions": 1, "uses": 2, "redeemed_minor": 800,
            "rollbacks": 1, "uses_given_back": 1, "given_back_minor": 400,
        }])

    def test_the_clock_that_only_counts_never_goes_back(self):
        self.assertEqual(self.run_on(b"".join(journal(uptimes=[[1, 9], [1, 9], [2, 0], [2, 7]])))[0], 0)
        self.refused(b"".join(journal(uptimes=[[1, 9], [1, 8]])), 3, "uptime_fell")
        self.refused(b"".join(journal(uptimes=[[2, 0], [2, 0], [1, 99]])), 4, "uptime_fell")

    def test_lines_that_windows_wrote_and_a_last_line_without_end_are_the_same(self):
        for data in (b"".join(self.lines).replace(b"\n", b"\r\n"), b"".join(self.lines).rstrip()):
            self.assertEqual(self.run_on(data)[0], 0)

    def test_what_is_no_journal_is_refused_in_words(self):
        head, *rows = self.lines
        self.refused(b"", 1, "empty")
        for line in (b"\n", b"\xff\xfe", b"null\n", b"[]\n", b"{}\n", b"[" * 100_000, b"{\"a\":" * 100_000, b"1e999", b"NaN",
                     b"9" * 100_000, b"\xef\xbb\xbf" + head, rows[0], head[:-2], head.replace(b'"root"', b'"key"')):
            self.refused(line + b"".join(rows), 1, "not_json")
        self.refused(head.replace(b"journal/1", b"journal/2"), 1, "other_format")
        for line in (b"\n", rows[0][:-2] + b"\n", rows[0].replace(b"seq", b"at"), b"[" * 8000 + b"\n", b"\x00\n"):
            self.refused(head + line + b"".join(rows), 2, "not_json")
        self.refused(head + rows[0] + head, 3, "not_json")
        self.refused(head + b" " * 20_000 + rows[0], 2, "too_long")

    def test_numbers_and_hexadecimal_have_one_spelling(self):
        head, row, *_ = self.lines
        for old, new in ((b'"seq": 1', b'"seq": 1.0'), (b'"seq": 1', b'"seq": true'), (b'"seq": 1', b'"seq": "1"')):
            self.assertIn(old, row)
            self.assertEqual(self.run_on(head + row.replace(old, new))[0], 1)
        digits = json.loads(row)["hash"]
        for other in (digits.upper(), digits[:-1], " " + digits, digits + "00", "0x" + digits[2:], "\uff11" + digits[1:]):
            with self.assertRaises(Bad):
                hexadecimal(other, "hash", 32, 32)
        for text in (b'{"a": 1, "a": 1}', b"1.5", b"1e3", b"-Infinity", b"123456789012345678901"):
            with self.assertRaises(ValueError):
                parse_json(text)

    def test_whatever_is_changed_there_is_an_answer_and_never_a_yes(self):
        chance = random.Random(7)
        whole = b"".join(self.lines)
        for _ in range(300):
            data = bytearray(whole)
            for _ in range(chance.randint(1, 3)):
                at = chance.randrange(len(data))
                chance.choice((
                    lambda: data.__setitem__(at, chance.randrange(256)),
                    lambda: data.__delitem__(slice(at, at + chance.randint(1, 200))),
                    lambda: data.__setitem__(slice(at, at), bytes(chance.randrange(256) for _ in range(9))),
                ))()
            status, answer = self.run_on(bytes(data))
            same = [json.loads(line) for line in self.lines] == self.parsed(data)
            ends_early = whole.startswith(bytes(data)) and answer.get("acknowledged") == 4
            self.assertTrue(status == 1 or same or ends_early, (status, answer))

    @staticmethod
    def parsed(data):
        try:
            return [json.loads(line) for line in bytes(data).splitlines()]
        except ValueError:
            return None

    def test_whatever_the_terminal_signs_there_is_an_answer(self):
        chance = random.Random(11)
        values = (0, -1, 2**64 - 1, "", "x", b"", bytes(32), [], {}, None, True, [0, [1]], [1, []], [2, [[1, 0]]])
        for _ in range(60):
            entries = [self.changed(body, chance, values) for body in ENTRIES]
            status, answer = self.run_on(b"".join(journal(entries, None)))
            self.assertIn(status, (0, 1), answer)

    def changed(self, value, chance, values):
        if chance.random() < 0.03:
            return chance.choice(values)
        if type(value) is list:
            return [self.changed(one, chance, values) for one in value]
        if type(value) is dict:
            return {key: self.changed(one, chance, values) for key, one in value.items()}
        return value

    def test_keys_that_are_insisted_on_must_be_the_ones(self):
        data = b"".join(self.lines)
        for option, signer in (("--key", TERMINAL), ("--root", ROOT), ("--platform-key", PLATFORM)):
            self.assertEqual(self.run_on(data, option, signer.key.hex())[0], 0)
            self.refused(data, 1, "other_key", option, Signer(b"x" * 32).key.hex())
        with self.assertRaises(SystemExit), contextlib.redirect_stderr(io.StringIO()):
            main(["--key", "zz", "journal.jsonl"])

    def test_weak_keys_are_refused_wherever_they_stand(self):
        for name in ("key", "root", "platform_key"):
            for weak in (bytes(32), (1).to_bytes(32, "little"), b"\xff" * 32):
                head = {**json.loads(self.lines[0]), name: weak.hex()}
                self.refused(json.dumps(head).encode() + b"\n", 1, "key_weak")

    def test_two_acknowledgements_of_one_position_prove_that_the_platform_said_both(self):
        digest = bytes.fromhex(json.loads(self.lines[4])["hash"])
        with tempfile.TemporaryDirectory() as folder:
            files = {}
            for name, data in (("same", acknowledgement(4, digest)), ("other", acknowledgement(4, bytes([7]) * 32)),
                               ("hex", acknowledgement(2, bytes.fromhex(json.loads(self.lines[2])["hash"])).hex().encode()),
                               ("export", b"".join(self.lines)), ("foreign", acknowledgement(4, digest, 6))):
                files[name] = os.path.join(folder, name)
                with open(files[name], "wb") as file:
                    file.write(data)
            data = b"".join(self.lines)
            for name in ("same", "hex", "export"):
                self.assertEqual(self.run_on(data, "--acknowledgement", files[name])[0], 0, name)
            self.refused(data, 1, "equivocation", "--acknowledgement", files["same"], "--acknowledgement", files["other"])
            self.refused(data, 1, "other_terminal", "--acknowledgement", files["foreign"])

    def test_a_bundle_ties_the_platforms_key_to_the_root(self):
        def bundle(version, platform_key, signer):
            payload = {1: version, 2: 1797336000, 3: {1: 1, 2: "Corner"}, 4: platform_key, 5: []}
            return signer.seal(encode(payload), "countersign/bundle/1")

        data = b"".join(self.lines)
        cases = (
            (bundle(2, PLATFORM.key, ROOT), None), (bundle(2, PLATFORM.key, ROOT).hex().encode(), None),
            (bundle(2, PLATFORM.key, PLATFORM), (1, "other_key")), (bundle(2, ROOT.key, ROOT), (1, "other_key")),
            # The journal says that it took another bundle of version 3.
            (bundle(3, PLATFORM.key, ROOT), (3, "other_bundle")), (b"", (1, "not_cose")), (b"zz", (1, "not_cose")),
        )
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "bundle")
            for signed, refusal in cases:
                with open(path, "wb") as file:
                    file.write(signed)
                if refusal:
                    self.refused(data, *refusal, "--bundle", path)
                else:
                    self.assertEqual(self.run_on(data, "--bundle", path)[0], 0)

    def test_a_file_that_is_not_there_is_no_verdict(self):
        with contextlib.redirect_stderr(io.StringIO()) as errors:
            self.assertEqual(main(["/nonexistent/journal.jsonl"]), 2)
        self.assertIn("Nothing could be checked", errors.getvalue())

    def test_amounts_and_times_are_written_as_people_write_them(self):
        self.assertEqual([amount(1250, 978), amount(5, 978), amount(-5, 978), amount(5000, 392), amount(7, 1)],
                         ["12.50", "0.05", "-0.05", "5000", "7 minor units"])
        self.assertEqual(moment(1797336000), "2026-12-15T12:00:00Z")
        self.assertIn("second", moment(2**63 - 1))


if __name__ == "__main__":
    unittest.main()
