"""Faults: read by every Python process of a stack under test; the services' one is fitted with
instruments and, when a run asks for it, with a mistake."""

import os
import sys

if os.environ.get("YUEKE_FAULTS") and {"deploy.nursery", "uvicorn"} & set(sys.orig_argv):
    from tests.faults import instruments

    instruments.fit(os.environ["YUEKE_FAULTS"].split(","))
