"""CBOR (RFC 8949), deterministic form only."""

from .problem import Bad

DEPTH_MAX = 16


def decode(data):
    """The one value that `data` spells; every other spelling of it is refused."""
    value, end = item(data, 0, 0)
    if end != len(data):
        raise Bad("not_cbor", "bytes follow the end of a CBOR value")
    return value


def item(data, at, depth):
    if depth > DEPTH_MAX:
        raise Bad("not_cbor", "a CBOR value is nested too deeply")
    major, number, at = head(data, at)
    if major == 0:
        return number, at
    if major == 1:
        return -1 - number, at
    if major in (2, 3):
        return string(data, at, number, major == 3)
    if major == 4:
        return array(data, at, number, depth)
    if major == 5:
        return mapping(data, at, number, depth)
    if major == 7 and number in (20, 21, 22):
        return (False, True, None)[number - 20], at
    raise Bad("not_cbor", "a tag, a floating point number or another CBOR value that no message has")


def head(data, at):
    """Major type and number of the item at `at`, and where it goes on."""
    if at >= len(data):
        raise Bad("not_cbor", "a CBOR value ends too soon")
    major, small = data[at] >> 5, data[at] & 31
    if small < 24:
        return major, small, at + 1
    if small > 27:
        raise Bad("not_cbor", "a CBOR value has no length, or a reserved one")
    size = 1 << (small - 24)
    digits = data[at + 1 : at + 1 + size]
    if len(digits) < size:
        raise Bad("not_cbor", "a CBOR value ends too soon")
    number = int.from_bytes(digits, "big")
    if major == 7 or number < (24, 1 << 8, 1 << 16, 1 << 32)[small - 24]:
        raise Bad("not_cbor", "a CBOR number is not in its shortest form")
    return major, number, at + 1 + size


def string(data, at, size, is_text):
    if size > len(data) - at:
        raise Bad("not_cbor", "a CBOR string is longer than what holds it")
    raw = data[at : at + size]
    if not is_text:
        return raw, at + size
    try:
        return raw.decode("utf-8"), at + size
    except UnicodeDecodeError:
        raise Bad("not_cbor", "a CBOR text is not UTF-8") from None


def array(data, at, count, depth):
    if count > len(data) - at:
        raise Bad("not_cbor", "a CBOR array is longer than what holds it")
    values = []
    for _ in range(count):
        value, at = item(data, at, depth + 1)
        values.append(value)
    return values, at


def mapping(data, at, count, depth):
    if count > len(data) - at:
        raise Bad("not_cbor", "a CBOR map is longer than what holds it")
    values, before = {}, b""
    for _ in range(count):
        key, end = item(data, at, depth + 1)
        if type(key) is not int or data[at:end] <= before:
            raise Bad("not_cbor", "the keys of a CBOR map are not numbers in ascending order, each once")
        before = data[at:end]
        values[key], at = item(data, end, depth + 1)
    return values, at


def byte_string(data):
    """`data` as a CBOR byte string."""
    size = len(data)
    if size < 24:
        return bytes([0x40 + size]) + data
    for code, width in ((0x58, 1), (0x59, 2), (0x5A, 4)):
        if size < 1 << (8 * width):
            return bytes([code]) + size.to_bytes(width, "big") + data
    raise Bad("too_long", "a message is longer than any message may be")
