"""Pod Security: the standards `baseline` and `restricted`, and what of a pod violates them.

Stands for k8s.io/pod-security-admission.
"""
