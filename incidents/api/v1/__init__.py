"""The management API: programs of the operator, by keys of their own."""
