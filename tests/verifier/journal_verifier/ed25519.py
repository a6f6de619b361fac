"""Ed25519 (RFC 8032), strict: one spelling of every key and signature, and none that fits any message."""

from .problem import Impossible

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
ORDER_8 = 0x05FC536D880238B13933C6D305ACDFD5F098EFF289F4C345B027B2C28F95E826
SMALL_Y = (0, 1, P - 1, ORDER_8, P - ORDER_8)


def load_ed25519():
    """A function that says whether a signature fits, from whichever package there is."""
    try:
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

        return lambda key, signature, message: fits(
            lambda: Ed25519PublicKey.from_public_bytes(key).verify(signature, message), (InvalidSignature, ValueError)
        )
    except ImportError:
        pass
    try:
        from nacl.exceptions import CryptoError
        from nacl.signing import VerifyKey

        return lambda key, signature, message: fits(
            lambda: VerifyKey(key).verify(message, signature), (CryptoError, ValueError)
        )
    except ImportError:
        raise Impossible("install the Python package `cryptography` or `pynacl`: neither is here") from None


def fits(verify, refusals):
    try:
        verify()
        return True
    except refusals:
        return False


def is_canonical_point(spelling):
    """Whether 32 bytes are the one spelling of a point that is not of small order."""
    number = int.from_bytes(spelling, "little")
    return number & (2**255 - 1) < P and number & (2**255 - 1) not in SMALL_Y


def is_canonical_signature(signature):
    half = signature[:32]
    return len(signature) == 64 and is_canonical_point(half) and int.from_bytes(signature[32:], "little") < L


def is_sound_key(key):
    """Whether a public key is canonical, on the curve, not weak and in the prime-order group."""
    where = point(key) if is_canonical_point(key) else None
    return where is not None and is_neutral(times(L, where))


def point(spelling):
    """The point that 32 bytes spell, as X, Y, Z, T (RFC 8032 section 5.1.4), or nothing."""
    number = int.from_bytes(spelling, "little")
    sign, y = number >> 255, number & (2**255 - 1)
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    if (x * x - square) % P:
        return None
    x = P - x if x & 1 != sign else x
    return (x, y, 1, x * y % P)


def times(number, a):
    total = (0, 1, 1, 0)
    while number:
        total, a, number = add(total, a) if number & 1 else total, add(a, a), number >> 1
    return total


def add(a, b):
    e, f = (a[1] - a[0]) * (b[1] - b[0]) % P, (a[1] + a[0]) * (b[1] + b[0]) % P
    g, h = 2 * a[3] * b[3] * D % P, 2 * a[2] * b[2] % P
    e, f, g, h = f - e, h - g, h + g, f + e
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def is_neutral(a):
    return a[0] % P == 0 and (a[1] - a[2]) % P == 0
