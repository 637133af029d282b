"""Priority and fairness: who waits when too much is asked at once.

Stands for k8s.io/apiserver `pkg/util/flowcontrol`. A FlowSchema says which requests belong to which
priority level, and a level has a number of seats. Left out: levels that lend each other seats, the
many queues of a level (those who wait are served in the order in which they came), and requests
that take more than one seat.
"""
