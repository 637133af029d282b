"""Certificates for those who ask (upstream: pkg/controller/certificates)."""
