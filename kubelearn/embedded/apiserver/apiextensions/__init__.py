"""CustomResourceDefinitions and what they define.

Stands for k8s.io/apiextensions-apiserver, which upstream is a server of its own inside
kube-apiserver. `controller.py` follows the definitions; `version.py` is what one version of one of
them has to say about its objects, and the other modules are what it says: pruning, defaults, value
validation, lists, rules, columns.
"""
