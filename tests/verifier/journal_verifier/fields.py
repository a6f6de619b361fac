"""Readers of the fields of messages: each gives the value, or says what it is not."""

from .problem import Bad


def number(low, high):
    def read(value, name):
        if type(value) is not int or not low <= value <= high:
            raise Bad("malformed", f"{name} is not a number from {low} to {high}")
        return value

    return read


def raw(size):
    def read(value, name):
        if type(value) is not bytes or len(value) != size:
            raise Bad("malformed", f"{name} is not {size} bytes")
        return value

    return read


def text(value, name):
    if type(value) is not str:
        raise Bad("malformed", f"{name} is not a text")
    return value


def flag(value, name):
    if type(value) is not bool:
        raise Bad("malformed", f"{name} is neither true nor false")
    return value


def listed(read, most):
    def read_all(value, name):
        if type(value) is not list or len(value) > most:
            raise Bad("malformed", f"{name} is not an array of at most {most}")
        return [read(one, name) for one in value]

    return read_all


def tuple_of(*reads):
    def read(value, name):
        if type(value) is not list or len(value) != len(reads):
            raise Bad("malformed", f"{name} is not an array of {len(reads)}")
        return tuple(read(one, name) for read, one in zip(reads, value))

    return read


def fields(value, of, table):
    """The fields of a map by name; keys that the table does not have are skipped, absent ones are None."""
    if type(value) is not dict:
        raise Bad("malformed", f"{of} is not a map")
    found = {}
    for key, (name, read, needed) in table.items():
        if needed and key not in value:
            raise Bad("malformed", f"{of} has no {name}")
        found[name] = read(value[key], f"the {name} of {of}") if key in value else None
    return found


def variant(value, of):
    if type(value) is not list or len(value) != 2 or type(value[0]) is not int or type(value[1]) is not list:
        raise Bad("malformed", f"{of} is not a variant")
    return value


u32, u64, time = number(0, 2**32 - 1), number(0, 2**64 - 1), number(-(2**63), 2**63 - 1)
