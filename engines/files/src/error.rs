//! From the file system's errors to faults.

use std::io;

use kernel::Fault;

/// Something the disk could not do: full is worth telling apart, since an operator can mend it.
pub(crate) fn disk(error: io::Error) -> Fault {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            Fault::unavailable("files.disk_full").caused_by(error)
        }
        _ => Fault::internal("files.storage").caused_by(error),
    }
}

/// A check or a disk task that panicked.
pub(crate) fn task(error: tokio::task::JoinError) -> Fault {
    Fault::internal("files.storage").caused_by(error)
}
