"""Is Prefect there? Asked often and cheaply, so that nothing of ours ever waits for it."""

import os
import urllib.error
import urllib.request

HEALTH_SECONDS = 2.0


def reachable() -> bool:
    """Prefect answers now. Quick, and without importing Prefect; False when none is named."""
    address = os.environ.get("PREFECT_API_URL", "")
    if not address.startswith(("http://", "https://")):
        return False
    try:
        with urllib.request.urlopen(f"{address}/health", timeout=HEALTH_SECONDS) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False
