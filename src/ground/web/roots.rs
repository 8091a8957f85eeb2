//! The certificate authorities of the machine.

use std::io;
use std::path::Path;

use crate::ground::storage::Storage;

/// Debian and Alpine; Red Hat; what both and BSD have as a link.
const BUNDLES: [&str; 3] =
    ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem"];
const BUNDLE_BYTES_MAX: u64 = 8 << 20;

/// The certificate authorities that the machine trusts, as PEM: those that its distribution keeps up to date, and those
/// that whoever runs it has added. None are built in: they would grow old with the binary.
///
/// # Errors
/// Those of the file system; [`io::ErrorKind::NotFound`] if no bundle is where bundles usually are.
pub fn system_roots(storage: &dyn Storage) -> io::Result<Vec<u8>> {
    let read = BUNDLES.iter().map(|path| storage.read(Path::new(path), BUNDLE_BYTES_MAX));
    let absent = |read: &io::Result<_>| matches!(read, Err(error) if error.kind() == io::ErrorKind::NotFound);
    read.into_iter().find(|read| !absent(read)).unwrap_or_else(|| Err(io::ErrorKind::NotFound.into()))
}
