"""`python -m kubelearn` is the command `kubelearn`."""

from kubelearn.cli import main

main()
