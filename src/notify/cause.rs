//! Looking beneath an error for what really happened.

use std::error::Error;
use std::io;

/// Lists what lies beneath an error, nearest first.
///
/// An `io::Error` that wraps another error hides it from `source()`; here it shows.
pub(super) fn causes<'a>(
    error: &'a (dyn Error + 'static),
) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    let beneath = |error: &'a (dyn Error + 'static)| match error.downcast_ref::<io::Error>() {
        Some(io) => io.get_ref().map(|inner| inner as &(dyn Error + 'static)),
        None => error.source(),
    };
    std::iter::successors(beneath(error), move |error| beneath(*error))
}

/// Finds the TLS fault beneath an error: an unknown issuer, a wrong name, no TLS at all. A connection
/// that merely broke during the handshake has none.
pub(super) fn tls_fault<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a rustls::Error> {
    causes(error).find_map(|cause| cause.downcast_ref::<rustls::Error>())
}

/// Says what lies deepest: the outer errors only repeat the address, which may hold a secret.
pub(super) fn root(error: &(dyn Error + 'static)) -> String {
    causes(error).last().unwrap_or(error).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_is_found_through_wrapped_io_errors() {
        let inner = io::Error::new(io::ErrorKind::InvalidData, rustls::Error::DecryptError);
        let outer = io::Error::other(inner);
        assert_eq!(tls_fault(&outer), Some(&rustls::Error::DecryptError));
        assert_eq!(root(&outer), rustls::Error::DecryptError.to_string());
        let broken = io::Error::from(io::ErrorKind::ConnectionReset);
        assert_eq!(tls_fault(&broken), None);
        assert_eq!(root(&broken), broken.to_string());
    }
}
