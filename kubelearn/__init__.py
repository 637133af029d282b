"""Learn Kubernetes and Kubeflow on a live cluster."""
