#!/usr/bin/env python3
"""Verifies an exported journal of a terminal, and what the platform signed about it, with the published pages alone.

    verify_journal.py JOURNAL...         exports of `countersign journal export`; - reads standard input
    verify_journal.py --conflict FILE    double redemptions as `GET /v1/conflicts` gives them

Evidence is only as good as the key it is checked by: --key, --root and --platform-key insist on keys that are known from
elsewhere. Status 0 says that all holds, 1 that something does not (the first bad entry is named), 2 that nothing could
be checked. It needs Python 3.9 and one of the packages `cryptography` and `pynacl`; the rules are those of PROTOCOL.md
and FORMAT.md, and of RFC 8032, RFC 8949 and RFC 9052.
"""

import argparse
import json
import re
import sys

from journal_verifier.conflicts import check_conflicts
from journal_verifier.export import check_journal
from journal_verifier.problem import Bad, Impossible
from journal_verifier.words import conflict_in_words, failure, failure_in_words, in_words, summary


def key_option(value):
    if not re.fullmatch(r"[0-9a-fA-F]{64}", value, re.ASCII):
        raise argparse.ArgumentTypeError("a key is 64 hexadecimal digits")
    return bytes.fromhex(value)


def arguments(words):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("journals", nargs="*", metavar="JOURNAL", help="an exported journal; - reads standard input")
    parser.add_argument("--conflict", metavar="FILE", help="verify an answer of GET /v1/conflicts instead of a journal")
    parser.add_argument("--key", type=key_option, action="append", default=[], help="the key the terminal must have")
    parser.add_argument("--root", type=key_option, help="the root key that must stand in the journal")
    parser.add_argument("--platform-key", type=key_option, help="the platform's key that must stand in the journal")
    parser.add_argument(
        "--acknowledgement", dest="acknowledgements", metavar="FILE", action="append", default=[],
        help="a further acknowledgement, as it is, in hexadecimal, or in the first line of another export; may be repeated",
    )
    parser.add_argument("--bundle", metavar="FILE", help="a trust bundle that the root key must have signed")
    parser.add_argument("--json", action="store_true", help="answer with a JSON object for each journal")
    found = parser.parse_args(words)
    if (not found.journals) == (found.conflict is None):
        parser.error("give a journal, or a conflict with --conflict")
    if found.journals and len(found.key) > 1:
        parser.error("a journal is signed by one key")
    return found


def check(options, name):
    """What was found for machines, and the same in words."""
    if options.conflict:
        found = check_conflicts(name, options.key)
        words = [line for conflict in found for line in conflict_in_words(conflict)]
        return {"holds": True, "conflicts": found}, words
    options.keys = {"key": (options.key or [None])[0], "root": options.root, "platform_key": options.platform_key}
    with sys.stdin.buffer if name == "-" else open(name, "rb") as file:
        journal, keys = check_journal(file, options)
    found = summary(journal, keys)
    return found, in_words(name, found, journal, options.bundle)


def report(options, name):
    """Says what is to be said of one file, and gives the exit status it comes to."""
    try:
        found, words = check(options, name)
        say(json.dumps(found) if options.json else "\n".join(words))
        return 0
    except Bad as bad:
        say(json.dumps(failure(bad)) if options.json else failure_in_words(name, bad))
        return 1
    except (Impossible, OSError, MemoryError) as error:
        print(f"Nothing could be checked: {error or 'there is too little memory'}", file=sys.stderr)
        return 2


def main(words=None):
    options = arguments(words)
    return max([report(options, name) for name in options.journals or [options.conflict]])


def say(words):
    """Prints what may hold any character on whatever the console can show."""
    encoding = sys.stdout.encoding or "ascii"
    print(words.encode(encoding, "backslashreplace").decode(encoding))


if __name__ == "__main__":
    sys.exit(main())
