"""Ids of stored networks and studies: random where a job made them, of the content on the command line.

The version of the UUID tells them apart (RFC 9562): 4 is random, 5 is made of what it names.
"""

import uuid


def id_of_content(sha256: str) -> str:
    """The id of a network that came from no job, so that a repeat is not stored twice."""
    return str(uuid.UUID(bytes=bytes.fromhex(sha256)[:16], version=5))


def of_a_job(name: str) -> bool:
    """Whether a job of some service has, or had, this id."""
    try:
        return uuid.UUID(name).version == 4
    except ValueError:
        return False
