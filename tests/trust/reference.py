"""RFC 6962 section 2.1 as it is written there, slow and plain, to hold the tiled tree against."""

from hashlib import sha256


def split(width):
    power = 1
    while power * 2 < width:
        power *= 2
    return power


def root(leaves):
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    middle = split(len(leaves))
    return sha256(b"\x01" + root(leaves[:middle]) + root(leaves[middle:])).digest()


def path(index, leaves):
    if len(leaves) == 1:
        return []
    middle = split(len(leaves))
    if index < middle:
        return [*path(index, leaves[:middle]), root(leaves[middle:])]
    return [*path(index - middle, leaves[middle:]), root(leaves[:middle])]


def consistency(old, leaves):
    return _subproof(old, leaves, whole=True)


def _subproof(old, leaves, *, whole):
    if old == len(leaves):
        return [] if whole else [root(leaves)]
    middle = split(len(leaves))
    if old <= middle:
        return [*_subproof(old, leaves[:middle], whole=whole), root(leaves[middle:])]
    return [*_subproof(old - middle, leaves[middle:], whole=False), root(leaves[:middle])]
