"""RBAC: roles say what may be done, bindings say by whom.

Stands for k8s.io/kubernetes `plugin/pkg/auth/authorizer/rbac` and `pkg/registry/rbac`.
"""
