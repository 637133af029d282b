"""Server-side apply and the ownership of fields."""

from kubelearn.embedded.apiserver.managedfields.manager import FieldManager, same_but_for_times

__all__ = ["FieldManager", "same_but_for_times"]
