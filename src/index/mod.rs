//! The index: segments, generations, snapshots.
