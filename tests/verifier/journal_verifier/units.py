"""Amounts and times as people write them."""

from datetime import datetime, timedelta, timezone

ISO_4217 = (
    "784 AED 2, 36 AUD 2, 975 BGN 2, 48 BHD 3, 986 BRL 2, 124 CAD 2, 756 CHF 2, 152 CLP 0, 156 CNY 2, 170 COP 2, 203 CZK 2, "
    "208 DKK 2, 818 EGP 2, 978 EUR 2, 826 GBP 2, 344 HKD 2, 348 HUF 2, 360 IDR 2, 376 ILS 2, 356 INR 2, 352 ISK 0, 400 JOD 3, "
    "392 JPY 0, 410 KRW 0, 414 KWD 3, 504 MAD 2, 484 MXN 2, 458 MYR 2, 578 NOK 2, 554 NZD 2, 512 OMR 3, 608 PHP 2, 985 PLN 2, "
    "946 RON 2, 941 RSD 2, 682 SAR 2, 752 SEK 2, 702 SGD 2, 764 THB 2, 788 TND 3, 949 TRY 2, 901 TWD 2, 980 UAH 2, 840 USD 2, "
    "704 VND 0, 710 ZAR 2"
)
CURRENCIES = {int(number): (name, int(digits)) for number, name, digits in map(str.split, ISO_4217.split(", "))}


def unit(currency):
    return CURRENCIES.get(currency, (f"currency {currency}", 0))[0]


def amount(minor, currency):
    """An amount in the units of its currency, as people write it."""
    if currency not in CURRENCIES:
        return f"{minor} minor units"
    digits = CURRENCIES[currency][1]
    whole_part, rest = divmod(abs(minor), 10**digits)
    sign = "-" if minor < 0 else ""
    return f"{sign}{whole_part}.{rest:0{digits}}" if digits else f"{sign}{whole_part}"


def moment(seconds):
    try:
        found = datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(seconds=seconds)
        return found.strftime("%Y-%m-%dT%H:%M:%SZ")
    except OverflowError:
        return f"second {seconds}"
