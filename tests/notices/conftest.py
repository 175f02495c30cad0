from tests.smtp import sink

__all__ = ["sink"]
