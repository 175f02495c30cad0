from tests.endpoints import endpoints
from tests.smtp import sink

__all__ = ["endpoints", "sink"]
