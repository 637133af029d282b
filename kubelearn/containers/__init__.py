"""Images and the processes that run them; the kubelet is the only component that imports this."""
