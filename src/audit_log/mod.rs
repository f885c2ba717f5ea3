//! The audit log: entries, Merkle tree, appending, reconciling, verifying. Values in, values out.
