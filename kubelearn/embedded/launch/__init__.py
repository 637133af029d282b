"""The daemon: one process, one event loop, in which all parts of the embedded cluster run.

Stands for the machines, systemd and kubeadm: it makes certificates, wires the components, starts
them in order, restarts those that crash, and stops them alone or together. Only here do the parts
of the cluster know of each other's existence; they talk through the API server.

`python -m kubelearn.embedded.launch --state DIR` is what `kubelearn up` starts.
"""
