"""What can be wrong."""

from contextlib import contextmanager


class Bad(Exception):
    """What is wrong: a stable code, a sentence, and the place where it was found."""

    def __init__(self, code, sentence):
        super().__init__(sentence)
        self.code, self.line, self.epoch, self.position = code, None, None, None


class Impossible(Exception):
    """Why nothing can be checked."""


@contextmanager
def saying(of):
    """Puts the name of what was read before whatever is wrong with it."""
    try:
        yield
    except Bad as bad:
        raise Bad(bad.code, f"{of}: {bad}") from None
