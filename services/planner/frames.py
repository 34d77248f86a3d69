"""Planner: how the service and the process of a question talk: frames on its standard input and
output, four bytes of length, then so many bytes.

In: the packed question; after it nothing, but the end of the input means that nobody wants the
answer. Out: JSON, `progress` any number of times, then `done` or `refused`. The first `progress`
is said when the question was read and carries `limit`: the seconds in which all will be said.
"""

import struct

HEAD = struct.Struct(">I")
