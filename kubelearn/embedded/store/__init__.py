"""etcd's model on SQLite: where the API server keeps every object.

One counter of revisions for all keys; a write compares and swaps on the revision that the writer
has seen; keys lie in order and are read by prefix; a watch delivers every change after a revision;
compaction forgets what was replaced. The parts and what they stand for in etcd `server/storage`:

- `keyvalue`: `mvccpb.KeyValue` and `mvccpb.Event`
- `index`: the newest state of each key, in memory (`mvcc/index.go`)
- `backend`: the file, all states of the past included (`backend/backend.go`)
- `writer`: one thread that commits writes in groups (`backend/batch_tx.go`)
- `history`: questions about the past (`mvcc/kvstore_txn.go`, reads at a revision)
- `watch`: streams of changes (`mvcc/watchable_store.go`)
- `store`: the seven verbs

Left out: Raft and members (one process is its own quorum), leases, transactions over several keys
(Kubernetes uses none), authentication (nobody but the API server opens the file).
"""

from kubelearn.embedded.store.errors import Compacted, KeyExists, Stale, StoreError, StoreFailed
from kubelearn.embedded.store.keyvalue import Event, KeyValue
from kubelearn.embedded.store.store import Retention, Store
from kubelearn.embedded.store.watch import Watch

__all__ = [
    "Compacted",
    "Event",
    "KeyExists",
    "KeyValue",
    "Retention",
    "Stale",
    "Store",
    "StoreError",
    "StoreFailed",
    "Watch",
]
