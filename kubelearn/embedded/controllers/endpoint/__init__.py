"""The Endpoints controller (upstream: pkg/controller/endpoint)."""
