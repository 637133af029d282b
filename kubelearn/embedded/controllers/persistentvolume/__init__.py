"""The volume binder (upstream: pkg/controller/volume/persistentvolume)."""
