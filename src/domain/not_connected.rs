//! Why a connection to a host failed, read from the causes of an error.

use rustls::CertificateError;
use std::error::Error;
use std::io;

/// Why there is no connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotConnectedCause {
    /// The host name has no address.
    Unresolved,
    /// The host exists, but nothing listens on the port.
    Refused,
    TimedOut,
    /// The server does not speak TLS.
    NotTls,
    /// The TLS handshake with the server failed.
    Handshake,
    Other,
}

impl NotConnectedCause {
    /// Reads the causes of an error. A time-out leaves no trace in them.
    pub fn of(error: &(dyn Error + 'static)) -> Self {
        let is_refused = |error: &(dyn Error + 'static)| {
            let error = error.downcast_ref::<io::Error>();
            error.is_some_and(|error| error.kind() == io::ErrorKind::ConnectionRefused)
        };
        if causes(error).any(is_refused) {
            Self::Refused
        } else if causes(error).any(|error| error.to_string().contains("dns error")) {
            Self::Unresolved
        } else {
            match causes(error).find_map(tls_error) {
                Some(rustls::Error::InvalidMessage(_)) => Self::NotTls,
                Some(_) => Self::Handshake,
                None => Self::Other,
            }
        }
    }

    /// For people.
    pub fn text(self, host: &str) -> String {
        match self {
            Self::Unresolved => format!("could not resolve the host name {host}"),
            Self::Refused => format!("could not connect to {host}: connection refused"),
            Self::TimedOut => format!("could not connect to {host} in time"),
            Self::NotTls | Self::Handshake => format!("could not agree on TLS with {host}"),
            Self::Other => format!("could not connect to {host}"),
        }
    }
}

/// What is wrong with a host's certificate, if that is the cause.
pub fn certificate_fault(error: &(dyn Error + 'static)) -> Option<&'static str> {
    let Some(rustls::Error::InvalidCertificate(found)) = causes(error).find_map(tls_error) else {
        return None;
    };
    Some(match found {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            "it has expired; the host needs a new one, unless the clock of this machine is wrong"
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "it is not valid yet; look at the clock of this machine"
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "it is for another host name; check the address in the settings"
        }
        CertificateError::UnknownIssuer | CertificateError::BadSignature => {
            "no trusted authority has signed it; check the address in the settings, or name the \
             authority's file in ca_file"
        }
        found if format!("{found:?}").contains("CaUsedAsEndEntity") => {
            "it is a self-signed authority itself, which no server may use; make an authority, sign \
             another certificate for the server with it, and give the authority's in ca_file"
        }
        _ => "it is not one that a server may use",
    })
}

/// An error and what it was caused by.
pub fn causes<'a>(
    error: &'a (dyn Error + 'static),
) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error: &&'a (dyn Error + 'static)| (*error).source())
}

/// The source of an I/O error skips the error that it wraps, so it is unwrapped here, repeatedly.
fn tls_error<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a rustls::Error> {
    match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
        Some(inner) => tls_error(inner),
        None => error.downcast_ref(),
    }
}
