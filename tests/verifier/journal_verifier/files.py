"""Files and lines, bounded and strict."""

import json
import re

from .problem import Bad


def rows(file, first, longest):
    """The lines of a file with their numbers; the first may be as long as `first`, the others as `longest`."""
    count = 0
    while True:
        line = file.readline((longest if count else first) + 1)
        if not line:
            return
        count += 1
        yield count, line


def read_object(line, longest, members, optional=()):
    if len(line) > longest:
        raise Bad("too_long", "the line is longer than any line of a journal")
    try:
        found = parse_json(line)
    except (ValueError, RecursionError):
        raise Bad("not_json", "the line is not a JSON object in UTF-8") from None
    if type(found) is not dict or not set(members) <= set(found) <= {*members, *optional}:
        raise Bad("not_json", f"the line is not a JSON object of {', '.join(members)}, and nothing else")
    return found


def parse_json(data):
    """JSON in UTF-8 whose objects have each member once, and whose numbers are short and whole."""
    return json.loads(
        data.decode("utf-8"), object_pairs_hook=once, parse_int=whole, parse_float=refuse, parse_constant=refuse
    )


def whole(digits):
    return int(digits) if len(digits) <= 20 else refuse(digits)


def once(pairs):
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a member stands twice")
    return found


def refuse(digits):
    raise ValueError(f"{digits[:20]} is no number of a journal")


def hexadecimal(value, name, least, most):
    if type(value) is not str or not re.fullmatch(r"(?:[0-9a-f]{2})*", value, re.ASCII):
        raise Bad("malformed", f"`{name}` is not in hexadecimal")
    if not least <= len(value) // 2 <= most:
        raise Bad("malformed", f"`{name}` has {len(value) // 2} bytes, which is not what it should have")
    return bytes.fromhex(value)


def small_file(path, most):
    """The bytes of a file that is not larger than it should be."""
    with open(path, "rb") as file:
        data = file.read(most + 1)
    if len(data) > most:
        raise Bad("too_long", f"{path} is longer than anything of its kind")
    return data


def raw_or_hexadecimal(data, name, most):
    if re.fullmatch(rb"[0-9a-f]+\s*", data):
        return hexadecimal(data.decode("ascii").strip(), name, 1, most)
    return data
