"""Where Prefect is for all tests: a server of this process's own, once a test asks for one.

Prefect reads its settings when it is first imported, by whichever test module that is. Settled only
later, its client would quietly start a temporary server and every test would speak to that.
"""

import atexit
import shutil
import tempfile
from pathlib import Path

from flows.embedded import settle
from tests.postgres import free_port

HOME, PORT = Path(tempfile.mkdtemp(prefix="estafette-flows-")), free_port()
settle(HOME, PORT)
atexit.register(shutil.rmtree, HOME, ignore_errors=True)
