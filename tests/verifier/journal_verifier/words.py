"""What was found, for machines and in words."""

from .units import amount, moment, unit


def summary(journal, keys):
    """All that was confirmed, for machines."""
    confirmed = {epoch: ack.position for epoch, ack in journal.confirmed.items()}
    epochs = [
        {"epoch": epoch, "entries": length, "acknowledged": confirmed.get(epoch, 0)}
        for epoch, length in journal.lengths.items()
    ]
    names = ("redemptions", "uses", "redeemed_minor", "rollbacks", "uses_given_back", "given_back_minor")
    totals = [
        {"currency": currency, "unit": unit(currency), "kind": kind_of, **dict(zip(names, row))}
        for (currency, kind_of), row in sorted(journal.vouchers.totals.items())
    ]
    return {
        "holds": True, "terminal": journal.terminal, "key": keys.key.hex(), "insisted_on": keys.insisted, "epochs": epochs,
        "entries": sum(journal.lengths.values()), "acknowledged": sum(confirmed.values()),
        "refused": journal.refused, "totals": totals, "notes": journal.notes,
    }


def in_words(name, found, journal, bundle):
    yield f"{name} holds together: terminal {found['terminal']}, {found['entries']} entries, signed by key {found['key']}."
    for row in found["epochs"]:
        ack = journal.confirmed.get(row["epoch"])
        until = f"position {row['acknowledged']} was acknowledged by the platform at {moment(ack.time)}" if ack else ""
        yield f"Epoch {row['epoch']}: {row['entries']} entries; {until or 'no acknowledgement here covers any'}."
    alone = found["entries"] - found["acknowledged"]
    if alone:
        yield f"Only the terminal's own signature speaks for {alone} of them; more that followed may be missing."
    yield from (f"Note: {note}." for note in found["notes"])
    if bundle:
        seen = "the journal says that it was taken" if journal.bundle_seen else "the journal does not speak of it"
        yield f"Bundle {bundle}, version {journal.bundle[0]}, is signed by the root key and names the platform's key; {seen}."
    own = [name for name in ("key", "root", "platform_key") if name not in found["insisted_on"]]
    if own:
        yield f"Taken from the file itself, so compare them with what you know: {', '.join(own)}."
    yield f"Refused: {found['refused']}."
    yield from (in_row(row) for row in found["totals"])


def in_row(row):
    currency = row["currency"]
    gross, back = row["redeemed_minor"], row["given_back_minor"]
    return (
        f"{row['unit']} {row['kind']}: {row['redemptions']} redeemed {amount(gross, currency)}, "
        f"{row['rollbacks']} taken back {amount(back, currency)}, remains {amount(gross - back, currency)}"
    )


def failure(bad):
    return {"holds": False, "code": bad.code, "line": bad.line, "epoch": bad.epoch, "position": bad.position, "why": str(bad)}


def failure_in_words(name, bad):
    place = "" if bad.line is None else f" at line {bad.line}"
    if bad.position is not None:
        place += f" (position {bad.position} of epoch {bad.epoch})"
    return f"{name} does not hold{place}: {bad}. [{bad.code}]"


def conflict_in_words(found):
    worth = f"{amount(found['consumed_minor'], found['currency'])} {unit(found['currency'])}"
    yield f"Conflict {found['conflict']} holds: voucher {found['voucher']} of {found['issuer']} was consumed beyond its limit"
    yield f"by {len(found['entries'])} signed entries, {found['uses']} uses and {worth} in all:"
    for side in found["entries"]:
        yield f"  terminal {side['terminal']}, position {side['position']} of epoch {side['epoch']}, signed by key {side['key']}"
