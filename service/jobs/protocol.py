"""What the two sides of the queue, the API and the workers, agree on."""

from typing import NoReturn

from dbos import DBOSPortableJSONSerializer
from dbos._serialization import DefaultSerializer

# The name under which workflows belong to us in a database that other programs may share.
APPLICATION = "nif"
QUEUE = "analyses"
WORKFLOW = "analyse"

# The version of this agreement, not of the program: a worker of a new release finishes the jobs of an old
# one. To be changed only when the steps of the workflow change, and then with a way for the old jobs.
VERSION = "analyses-1"

# Payloads are JSON: what is read from the queue's database is never unpickled.
SERIALIZER = DBOSPortableJSONSerializer()


def refuse_pickles() -> None:
    """Take the way to pickle away: DBOS unpickles where a row of the database says that it is a pickle."""

    def refuse(serializer: DefaultSerializer, serialized_data: str) -> NoReturn:
        raise ValueError("the queue's database holds a pickle; it is not loaded")

    setattr(DefaultSerializer, "deserialize", refuse)  # noqa: B010  it is a method
