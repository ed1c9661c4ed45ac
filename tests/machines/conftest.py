"""Prefect reads its settings at import; in this process it is only a client."""

import os
import tempfile

os.environ.setdefault("PREFECT_HOME", tempfile.mkdtemp(prefix="estafette-client-"))
os.environ.setdefault("PREFECT_SERVER_EPHEMERAL_ENABLED", "false")
