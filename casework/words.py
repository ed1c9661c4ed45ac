"""The stored words the doors may speak; the rows themselves stay behind the hall."""

from models import Answer, HandoverState, Role

__all__ = ["Answer", "HandoverState", "Role"]
