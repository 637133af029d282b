"""A small Kubernetes in one process, written to be read. See ARCHITECTURE.md."""
